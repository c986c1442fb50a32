"""What the API takes and gives, as pydantic models, one module a noun. Their JSON Schemas are the OpenAPI
document's."""
