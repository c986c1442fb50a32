"""The OpenAPI 3.1 document, made from the operations themselves."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from control_ui.views.api.operation import Operation
from control_ui.views.api.schemas.problem import Problem

VERSION = "1.0.0"
REFERENCE = "#/components/schemas/{model}"
SECURITY_SCHEMES = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token from /auth/login, or a personal API token.",
    },
    "sessionCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "session",
        "description": "The pages' session. Requests that change something also need the header X-CSRFToken.",
    },
    "deviceToken": {"type": "http", "scheme": "bearer", "description": "What a Pi got when it registered."},
    "inventoryToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "Given to a run for as long as it lasts; for the run's own devices.",
    },
    "machineToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "CARWASH_METRICS_TOKEN (Prometheus) or CARWASH_ALERT_WEBHOOK_TOKEN (Alertmanager).",
    },
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "1 to 128 printable characters. The same key with the same request is worked on once, and answered"
    " alike for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag that was read. 412 where somebody else has changed it since, 428 where it is missing.",
    "schema": {"type": "string", "pattern": '^"\\d{1,15}"$'},
}
TENANT = {
    "name": "X-Tenant",
    "in": "header",
    "required": False,
    "description": "Slug of a tenant; for platform administrators, who otherwise see all of them.",
    "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"},
}


def document(operations: Iterable[Operation], url: str) -> dict[str, Any]:
    """The whole document."""
    operations = list(operations)
    references, definitions = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Car wash fleet control",
            "version": VERSION,
            "description": "Devices, configurations, runs, deployments, audit and reports of car wash cameras.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": definitions, "securitySchemes": SECURITY_SCHEMES},
    }


References = dict[tuple[type[BaseModel], JsonSchemaMode], dict[str, Any]]


def _schemas(operations: list[Operation]) -> tuple[References, dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for operation in operations:
        if operation.body is not None:
            wanted[operation.body, "validation"] = None
        if operation.returns is not None:
            wanted[operation.returns, "serialization"] = None
    references, together = models_json_schema(list(wanted), ref_template=REFERENCE)
    return references, together.get("$defs", {})  # type: ignore[return-value]  # its key type is wider


def _described(operation: Operation, references: References) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{operation.tag}.{operation.name}",
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": _responses(operation, references),
        "security": [{scheme: []} for scheme in operation.guard.schemes],
    }
    if operation.description or operation.permission:
        needs = f"Needs the permission `{operation.permission}`." if operation.permission else ""
        described["description"] = "\n\n".join(part for part in (operation.description, needs) if part)
    if operation.body is not None:
        schema = references[operation.body, "validation"]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    kinds = {"int": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, "string": {"type": "string"}}
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": kinds.get(kind, {"type": "string"})}
        for name, kind in operation.path_parameters.items()
    ]
    if operation.query is not None:
        parameters += _query_parameters(operation.query)
    parameters += [IDEMPOTENCY_KEY] if operation.idempotent else []
    parameters += [IF_MATCH] if operation.conditional else []
    parameters += [TENANT] if operation.guard.name == "people" else []
    return parameters


def _query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(ref_template=REFERENCE)
    definitions = schema.get("$defs", {})
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _inlined(field, definitions)}
        for name, field in schema.get("properties", {}).items()
    ]


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """Parameters have nowhere to put definitions of their own: enumerations and the like stand where they are used."""
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(value, definitions) for name, value in schema.items()}


def _responses(operation: Operation, references: References) -> dict[str, Any]:
    responses: dict[str, Any] = {str(operation.status): _success(operation, references)}
    problem = {"application/problem+json": {"schema": references[Problem, "serialization"]}}
    for status in sorted(_errors(operation)):
        described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        responses[str(status)] = described if status == HTTPStatus.NOT_MODIFIED else described | {"content": problem}
    return responses


def _success(operation: Operation, references: References) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase}
    if operation.returns is not None:
        success["content"] = {"application/json": {"schema": references[operation.returns, "serialization"]}}
    for media_type in operation.media_types:
        schema: dict[str, Any] = {} if "json" in media_type else {"type": "string"}
        success.setdefault("content", {})[media_type] = {"schema": schema}
    return success


def _errors(operation: Operation) -> set[int]:
    """What the binding and the guards can answer, and what the view says it can."""
    people = operation.guard.name == "people"
    possible = {
        500: True,
        503: True,
        401: bool(operation.guard.schemes),
        403: operation.permission is not None,
        404: operation.permission is not None or bool(operation.path_parameters),  # also an unknown X-Tenant
        400: operation.body is not None or operation.conditional or (people and operation.method != "GET"),
        409: operation.idempotent,
        412: operation.conditional,
        413: operation.body is not None,
        415: operation.body is not None,
        422: operation.body is not None or operation.query is not None or operation.idempotent,
        428: operation.conditional,
    }
    return set(operation.errors) | {status for status, can_be in possible.items() if can_be}
