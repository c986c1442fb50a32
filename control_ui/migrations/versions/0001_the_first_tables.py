"""The first tables."""

from __future__ import annotations

import json
from pathlib import Path

import sqlalchemy as sa
from alembic import op

BIG_INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_logs",
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("entry_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit", sa.String(length=100), nullable=False),
        sa.Column("priority", BIG_INTEGER, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("device_id", "entry_id", "at", name=op.f("pk_device_logs")),
        postgresql_partition_by="RANGE (at)",
    )
    with op.batch_alter_table("device_logs", schema=None) as batch_op:
        batch_op.create_index("ix_device_logs_device_at", ["device_id", "at"], unique=False)

    op.create_table(
        "device_samples",
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cpu_usage_percent", sa.Double(), nullable=True),
        sa.Column("memory_usage_bytes", BIG_INTEGER, nullable=True),
        sa.Column("memory_total_bytes", BIG_INTEGER, nullable=True),
        sa.Column("temperature_celsius", sa.Double(), nullable=True),
        sa.Column("disk_usage_percent", sa.Double(), nullable=True),
        sa.Column("network_received_bytes", BIG_INTEGER, nullable=True),
        sa.Column("network_transmitted_bytes", BIG_INTEGER, nullable=True),
        sa.Column("stream_status", sa.String(length=24), nullable=True),
        sa.Column("stream_restarts", BIG_INTEGER, nullable=True),
        sa.Column("stream_reconnects", BIG_INTEGER, nullable=True),
        sa.Column("snapshot_age_seconds", sa.Double(), nullable=True),
        sa.Column("snapshot_fresh", sa.Boolean(), nullable=True),
        sa.Column("snapshots_published", BIG_INTEGER, nullable=True),
        sa.Column("config_version", BIG_INTEGER, nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("device_id", "at", name=op.f("pk_device_samples")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_table(
        "run_events",
        sa.Column("slice_id", BIG_INTEGER, nullable=False),
        sa.Column("counter", BIG_INTEGER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", BIG_INTEGER, nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("host", sa.String(length=63), nullable=True),
        sa.Column("play", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        sa.Column("duration_seconds", sa.Double(), nullable=True),
        sa.Column("stdout", sa.Text(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.PrimaryKeyConstraint("slice_id", "counter", "at", name=op.f("pk_run_events")),
        postgresql_partition_by="RANGE (at)",
    )
    with op.batch_alter_table("run_events", schema=None) as batch_op:
        batch_op.create_index("ix_run_events_run_host", ["run_id", "host"], unique=False)

    op.create_table(
        "tenants",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("requires_approval", sa.Boolean(), nullable=False),
        sa.Column("log_retention_days", BIG_INTEGER, nullable=False),
        sa.Column("event_retention_days", BIG_INTEGER, nullable=False),
        sa.Column("sample_retention_days", BIG_INTEGER, nullable=False),
        sa.Column("row_version", BIG_INTEGER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenants_slug")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("chain", sa.String(length=24), nullable=False),
        sa.Column("sequence", BIG_INTEGER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=24), nullable=False),
        sa.Column("actor_id", BIG_INTEGER, nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=63), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("subject_type", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=63), nullable=False),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("remote_address", sa.String(length=45), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_audit_entries_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("chain", "sequence", name=op.f("uq_audit_entries_chain_sequence")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entries_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_at"), ["at"], unique=False)
        batch_op.create_index("ix_audit_entries_subject", ["subject_type", "subject_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "audit_heads",
        sa.Column("chain", sa.String(length=24), nullable=False),
        sa.Column("sequence", BIG_INTEGER, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_audit_heads_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_heads")),
    )
    with op.batch_alter_table("audit_heads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_heads_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "audit_verifications",
        sa.Column("chain", sa.String(length=24), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", BIG_INTEGER, nullable=False),
        sa.Column("intact", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("verified_by", sa.Text(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_audit_verifications_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_verifications")),
    )
    with op.batch_alter_table("audit_verifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_verifications_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "alertmanager_states",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alertmanager_states")),
    )
    op.create_table(
        "config_templates",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("latest_number", BIG_INTEGER, nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", BIG_INTEGER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_config_templates_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_templates")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_config_templates_tenant_id_name")),
    )
    with op.batch_alter_table("config_templates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_config_templates_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "groups",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("label_query", sa.Text(), nullable=False),
        sa.Column("priority", BIG_INTEGER, nullable=False),
        sa.Column("config_override", sa.JSON(), nullable=False),
        sa.Column("row_version", BIG_INTEGER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_groups_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_groups_tenant_id_name")),
    )
    with op.batch_alter_table("groups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_groups_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "idempotency_keys",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("owner", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("status_code", BIG_INTEGER, nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_idempotency_keys_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("owner", "key", name=op.f("uq_idempotency_keys_owner_key")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_idempotency_keys_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "incidents",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_incidents_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incidents_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "sites",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=63), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("maintenance_windows", sa.JSON(), nullable=False),
        sa.Column("row_version", BIG_INTEGER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_sites_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_sites_tenant_id_name")),
    )
    with op.batch_alter_table("sites", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sites_region"), ["region"], unique=False)
        batch_op.create_index(batch_op.f("ix_sites_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(24), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("password_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("session_epoch", BIG_INTEGER, nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_users_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "api_tokens",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("user_id", BIG_INTEGER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_api_tokens_tenant_id_tenants")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_api_tokens_token_sha256")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_tokens_tenant_id"), ["tenant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "devices",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("site_id", BIG_INTEGER, nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("environment", sa.String(24), nullable=False),
        sa.Column("ring", sa.String(length=63), nullable=False),
        sa.Column("hardware", sa.String(length=63), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(length=253), nullable=False),
        sa.Column("ssh_port", BIG_INTEGER, nullable=False),
        sa.Column("ssh_user", sa.String(length=63), nullable=False),
        sa.Column("ssh_host_keys", sa.JSON(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=True),
        sa.Column("previous_token_sha256", sa.String(length=64), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("camera_host", sa.String(length=253), nullable=False),
        sa.Column("camera_port", BIG_INTEGER, nullable=False),
        sa.Column("camera_path", sa.LargeBinary(), nullable=False),
        sa.Column("camera_user", sa.Text(), nullable=False),
        sa.Column("camera_password", sa.LargeBinary(), nullable=True),
        sa.Column("camera_password_revision", BIG_INTEGER, nullable=False),
        sa.Column("api_keys", sa.JSON(), nullable=False),
        sa.Column("template_id", BIG_INTEGER, nullable=True),
        sa.Column("config_override", sa.JSON(), nullable=False),
        sa.Column("held_reason", sa.Text(), nullable=False),
        sa.Column("row_version", BIG_INTEGER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_devices_site_id_sites")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["config_templates.id"], name=op.f("fk_devices_template_id_config_templates")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_devices_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("previous_token_sha256", name=op.f("uq_devices_previous_token_sha256")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_devices_tenant_id_name")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_devices_token_sha256")),
    )
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_devices_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_devices_site_id"), ["site_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_devices_template_id"), ["template_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_devices_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "schedules",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("playbook", sa.String(length=63), nullable=False),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("check_mode", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_by_id", BIG_INTEGER, nullable=True),
        sa.Column("row_version", BIG_INTEGER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_schedules_created_by_id_users")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_schedules_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_schedules_tenant_id_name")),
    )
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schedules_next_at"), ["next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_schedules_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "sign_ins",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("user_id", BIG_INTEGER, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("remote_address", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_sign_ins_tenant_id_tenants")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_ins_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
    )
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_ins_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_ins_tenant_id"), ["tenant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_ins_user_id"), ["user_id"], unique=False)

    op.create_table(
        "template_versions",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("template_id", BIG_INTEGER, nullable=False),
        sa.Column("number", BIG_INTEGER, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("overlays", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by_id", BIG_INTEGER, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_template_versions_created_by_id_users")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["config_templates.id"], name=op.f("fk_template_versions_template_id_config_templates")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_template_versions_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_versions")),
        sa.UniqueConstraint("template_id", "number", name=op.f("uq_template_versions_template_id_number")),
    )
    with op.batch_alter_table("template_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_template_versions_template_id"), ["template_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_template_versions_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "alerts",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("device_id", BIG_INTEGER, nullable=True),
        sa.Column("incident_id", BIG_INTEGER, nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("severity", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("annotations", sa.JSON(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_id", BIG_INTEGER, nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("listed_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("listed_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalates_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("silenced_by", sa.Text(), nullable=False),
        sa.Column("inhibited_by", sa.Text(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["acknowledged_by_id"], ["users.id"], name=op.f("fk_alerts_acknowledged_by_id_users")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_alerts_device_id_devices")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_alerts_incident_id_incidents")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_alerts_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("fingerprint", "starts_at", name=op.f("uq_alerts_fingerprint_starts_at")),
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alerts_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_alerts_incident_id"), ["incident_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_alerts_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_alerts_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "config_versions",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("number", BIG_INTEGER, nullable=False),
        sa.Column("parent_id", BIG_INTEGER, nullable=True),
        sa.Column("restores_id", BIG_INTEGER, nullable=True),
        sa.Column("template_version_id", BIG_INTEGER, nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by_id", BIG_INTEGER, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_config_versions_created_by_id_users")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_config_versions_device_id_devices")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["config_versions.id"], name=op.f("fk_config_versions_parent_id_config_versions")
        ),
        sa.ForeignKeyConstraint(
            ["restores_id"], ["config_versions.id"], name=op.f("fk_config_versions_restores_id_config_versions")
        ),
        sa.ForeignKeyConstraint(
            ["template_version_id"],
            ["template_versions.id"],
            name=op.f("fk_config_versions_template_version_id_template_versions"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_config_versions_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_versions")),
        sa.UniqueConstraint("device_id", "number", name=op.f("uq_config_versions_device_id_number")),
    )
    with op.batch_alter_table("config_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_config_versions_content_sha256"), ["content_sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_config_versions_device_id"), ["device_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_config_versions_template_version_id"), ["template_version_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_config_versions_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "deployments",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("template_version_id", BIG_INTEGER, nullable=True),
        sa.Column("template_version_b_id", BIG_INTEGER, nullable=True),
        sa.Column("rollback_of_id", BIG_INTEGER, nullable=True),
        sa.Column("strategy", sa.String(24), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("current_wave", BIG_INTEGER, nullable=False),
        sa.Column("wave_started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wave_passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by_id", BIG_INTEGER, nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_reason", sa.Text(), nullable=False),
        sa.Column("diff_sha256", sa.String(length=64), nullable=True),
        sa.Column("comparison", sa.JSON(), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["requested_by_id"], ["users.id"], name=op.f("fk_deployments_requested_by_id_users")),
        sa.ForeignKeyConstraint(
            ["rollback_of_id"], ["deployments.id"], name=op.f("fk_deployments_rollback_of_id_deployments")
        ),
        sa.ForeignKeyConstraint(
            ["template_version_b_id"],
            ["template_versions.id"],
            name=op.f("fk_deployments_template_version_b_id_template_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["template_version_id"],
            ["template_versions.id"],
            name=op.f("fk_deployments_template_version_id_template_versions"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_deployments_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployments")),
    )
    with op.batch_alter_table("deployments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deployments_rollback_of_id"), ["rollback_of_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deployments_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_deployments_template_version_id"), ["template_version_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deployments_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "device_actions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by_id", BIG_INTEGER, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(length=24), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_device_actions_created_by_id_users")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_device_actions_device_id_devices")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_device_actions_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_actions")),
    )
    with op.batch_alter_table("device_actions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_actions_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_device_actions_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "device_status_changes",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_device_status_changes_device_id_devices")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_device_status_changes_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_status_changes")),
    )
    with op.batch_alter_table("device_status_changes", schema=None) as batch_op:
        batch_op.create_index("ix_device_status_changes_device_at", ["device_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_device_status_changes_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "enrolment_tokens",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by_id", BIG_INTEGER, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_enrolment_tokens_created_by_id_users")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_enrolment_tokens_device_id_devices")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_enrolment_tokens_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_enrolment_tokens_token_sha256")),
    )
    with op.batch_alter_table("enrolment_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolment_tokens_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrolment_tokens_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "group_members",
        sa.Column("group_id", BIG_INTEGER, nullable=False),
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_group_members_device_id_devices")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_group_members_group_id_groups"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_group_members_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("group_id", "device_id", name=op.f("pk_group_members")),
    )
    with op.batch_alter_table("group_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_group_members_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_group_members_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "refresh_tokens",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("sign_in_id", BIG_INTEGER, nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(
            ["sign_in_id"], ["sign_ins.id"], name=op.f("fk_refresh_tokens_sign_in_id_sign_ins"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_refresh_tokens_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_refresh_tokens_token_sha256")),
    )
    with op.batch_alter_table("refresh_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refresh_tokens_sign_in_id"), ["sign_in_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_refresh_tokens_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "device_states",
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("status_reasons", sa.JSON(), nullable=False),
        sa.Column("status_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("config_version", BIG_INTEGER, nullable=True),
        sa.Column("release", sa.String(length=63), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("sampled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("desired_config_id", BIG_INTEGER, nullable=True),
        sa.Column("desired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("desired_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(
            ["desired_config_id"],
            ["config_versions.id"],
            name=op.f("fk_device_states_desired_config_id_config_versions"),
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_device_states_device_id_devices")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_device_states_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_states")),
    )
    with op.batch_alter_table("device_states", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_states_desired_config_id"), ["desired_config_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_device_states_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_device_states_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "runs",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("playbook", sa.String(length=63), nullable=False),
        sa.Column("variables", sa.JSON(), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("check_mode", sa.Boolean(), nullable=False),
        sa.Column("diff", sa.Boolean(), nullable=False),
        sa.Column("mutating", sa.Boolean(), nullable=False),
        sa.Column("forks", BIG_INTEGER, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by_id", BIG_INTEGER, nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_for_run_id", BIG_INTEGER, nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_by", sa.Text(), nullable=True),
        sa.Column("retry_of_id", BIG_INTEGER, nullable=True),
        sa.Column("check_of_id", BIG_INTEGER, nullable=True),
        sa.Column("rollback_of_id", BIG_INTEGER, nullable=True),
        sa.Column("deployment_id", BIG_INTEGER, nullable=True),
        sa.Column("schedule_id", BIG_INTEGER, nullable=True),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("diff_sha256", sa.String(length=64), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["check_of_id"], ["runs.id"], name=op.f("fk_runs_check_of_id_runs")),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployments.id"], name=op.f("fk_runs_deployment_id_deployments")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["users.id"], name=op.f("fk_runs_requested_by_id_users")),
        sa.ForeignKeyConstraint(["retry_of_id"], ["runs.id"], name=op.f("fk_runs_retry_of_id_runs")),
        sa.ForeignKeyConstraint(["rollback_of_id"], ["runs.id"], name=op.f("fk_runs_rollback_of_id_runs")),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedules.id"], name=op.f("fk_runs_schedule_id_schedules")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_runs_tenant_id_tenants")),
        sa.ForeignKeyConstraint(["waiting_for_run_id"], ["runs.id"], name=op.f("fk_runs_waiting_for_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_runs_check_of_id"), ["check_of_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_runs_deployment_id"), ["deployment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_runs_rollback_of_id"), ["rollback_of_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_runs_schedule_id"), ["schedule_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_runs_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_runs_tenant_id"), ["tenant_id"], unique=False)
        batch_op.create_index("ix_runs_tenant_requested", ["tenant_id", "requested_at"], unique=False)

    op.create_table(
        "approvals",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("run_id", BIG_INTEGER, nullable=True),
        sa.Column("deployment_id", BIG_INTEGER, nullable=True),
        sa.Column("requested_by_id", BIG_INTEGER, nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("diff_sha256", sa.String(length=64), nullable=True),
        sa.Column("decision", sa.String(24), nullable=True),
        sa.Column("decided_by_id", BIG_INTEGER, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_approvals_decided_by_id_users")),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_approvals_deployment_id_deployments")
        ),
        sa.ForeignKeyConstraint(["requested_by_id"], ["users.id"], name=op.f("fk_approvals_requested_by_id_users")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_approvals_run_id_runs")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_approvals_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approvals_deployment_id"), ["deployment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_approvals_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_approvals_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "deployment_devices",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("deployment_id", BIG_INTEGER, nullable=False),
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("wave", BIG_INTEGER, nullable=False),
        sa.Column("side", sa.String(length=1), nullable=False),
        sa.Column("progress", sa.String(24), nullable=False),
        sa.Column("config_version_id", BIG_INTEGER, nullable=True),
        sa.Column("previous_config_version_id", BIG_INTEGER, nullable=True),
        sa.Column("wanted_before_id", BIG_INTEGER, nullable=True),
        sa.Column("wanted_before_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rollback_config_version_id", BIG_INTEGER, nullable=True),
        sa.Column("run_id", BIG_INTEGER, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(
            ["config_version_id"],
            ["config_versions.id"],
            name=op.f("fk_deployment_devices_config_version_id_config_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_deployment_devices_deployment_id_deployments")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_deployment_devices_device_id_devices")),
        sa.ForeignKeyConstraint(
            ["previous_config_version_id"],
            ["config_versions.id"],
            name=op.f("fk_deployment_devices_previous_config_version_id_config_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["rollback_config_version_id"],
            ["config_versions.id"],
            name=op.f("fk_deployment_devices_rollback_config_version_id_config_versions"),
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_deployment_devices_run_id_runs")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_deployment_devices_tenant_id_tenants")),
        sa.ForeignKeyConstraint(
            ["wanted_before_id"],
            ["config_versions.id"],
            name=op.f("fk_deployment_devices_wanted_before_id_config_versions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment_devices")),
        sa.UniqueConstraint("deployment_id", "device_id", name=op.f("uq_deployment_devices_deployment_id_device_id")),
    )
    with op.batch_alter_table("deployment_devices", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_deployment_devices_config_version_id"), ["config_version_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_deployment_devices_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deployment_devices_progress"), ["progress"], unique=False)
        batch_op.create_index(batch_op.f("ix_deployment_devices_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "device_locks",
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("run_id", BIG_INTEGER, nullable=False),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_device_locks_device_id_devices")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_device_locks_run_id_runs")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_device_locks_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_locks")),
    )
    with op.batch_alter_table("device_locks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_locks_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_device_locks_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "rollback_points",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("run_id", BIG_INTEGER, nullable=False),
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("config_version_id", BIG_INTEGER, nullable=True),
        sa.Column("config_number", BIG_INTEGER, nullable=True),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(
            ["config_version_id"],
            ["config_versions.id"],
            name=op.f("fk_rollback_points_config_version_id_config_versions"),
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_rollback_points_device_id_devices")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_rollback_points_run_id_runs")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_rollback_points_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollback_points")),
        sa.UniqueConstraint("run_id", "device_id", name=op.f("uq_rollback_points_run_id_device_id")),
    )
    with op.batch_alter_table("rollback_points", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rollback_points_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rollback_points_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "run_slices",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("run_id", BIG_INTEGER, nullable=False),
        sa.Column("number", BIG_INTEGER, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("inventory_token_sha256", sa.String(length=64), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("private_data_dir", sa.Text(), nullable=False),
        sa.Column("exit_code", BIG_INTEGER, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_slices_run_id_runs")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_run_slices_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_slices")),
        sa.UniqueConstraint("inventory_token_sha256", name=op.f("uq_run_slices_inventory_token_sha256")),
        sa.UniqueConstraint("run_id", "number", name=op.f("uq_run_slices_run_id_number")),
    )
    with op.batch_alter_table("run_slices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_slices_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_run_slices_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_run_slices_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "host_results",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("run_id", BIG_INTEGER, nullable=False),
        sa.Column("slice_id", BIG_INTEGER, nullable=True),
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("host", sa.String(length=63), nullable=False),
        sa.Column("progress", sa.String(24), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("diffs", sa.JSON(), nullable=False),
        sa.Column("config_version_id", BIG_INTEGER, nullable=True),
        sa.Column("inputs_sha256", sa.String(length=64), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(
            ["config_version_id"],
            ["config_versions.id"],
            name=op.f("fk_host_results_config_version_id_config_versions"),
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_host_results_device_id_devices")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_host_results_run_id_runs")),
        sa.ForeignKeyConstraint(["slice_id"], ["run_slices.id"], name=op.f("fk_host_results_slice_id_run_slices")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_host_results_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_results")),
        sa.UniqueConstraint("run_id", "device_id", name=op.f("uq_host_results_run_id_device_id")),
    )
    with op.batch_alter_table("host_results", schema=None) as batch_op:
        batch_op.create_index("ix_host_results_device", ["device_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_host_results_slice_id"), ["slice_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_host_results_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "silences",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("site_id", BIG_INTEGER, nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_by_id", BIG_INTEGER, nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_silences_created_by_id_users")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_silences_site_id_sites")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_silences_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )
    with op.batch_alter_table("silences", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_silences_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_silences_site_id"), ["site_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_silences_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "site_days",
        sa.Column("site_id", BIG_INTEGER, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counted_seconds", sa.Double(), nullable=False),
        sa.Column("reachable_seconds", sa.Double(), nullable=False),
        sa.Column("fresh_seconds", sa.Double(), nullable=False),
        sa.Column("available_seconds", sa.Double(), nullable=False),
        sa.Column("gaps", BIG_INTEGER, nullable=False),
        sa.Column("pictures", BIG_INTEGER, nullable=False),
        sa.Column("samples", BIG_INTEGER, nullable=False),
        sa.Column("picture_age_seconds", sa.Double(), nullable=False),
        sa.Column("oldest_picture_seconds", sa.Double(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_site_days_site_id_sites"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_site_days_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("site_id", "day", name=op.f("pk_site_days")),
    )
    with op.batch_alter_table("site_days", schema=None) as batch_op:
        batch_op.create_index("ix_site_days_tenant_day", ["tenant_id", "day"], unique=False)

    op.create_table(
        "report_files",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("requested_by_id", BIG_INTEGER, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remote_address", sa.String(length=45), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", BIG_INTEGER, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=True),
        sa.ForeignKeyConstraint(["requested_by_id"], ["users.id"], name=op.f("fk_report_files_requested_by_id_users")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_report_files_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_files")),
    )
    with op.batch_alter_table("report_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_files_requested_by_id"), ["requested_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_files_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_files_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "healing_defaults",
        sa.Column("row_version", BIG_INTEGER, nullable=False),
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("condition", sa.String(length=48), nullable=False),
        sa.Column("step", BIG_INTEGER, nullable=False),
        sa.Column("after_seconds", BIG_INTEGER, nullable=False),
        sa.Column("action", sa.String(24), nullable=False),
        sa.Column("cooldown_seconds", BIG_INTEGER, nullable=False),
        sa.Column("most_attempts", BIG_INTEGER, nullable=False),
        sa.Column("window_seconds", BIG_INTEGER, nullable=False),
        sa.Column("then", sa.String(24), nullable=False),
        sa.Column("unattended", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_healing_defaults")),
        sa.UniqueConstraint("condition", "step", name=op.f("uq_healing_defaults_condition_step")),
    )
    op.create_table(
        "healing_switch",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=False),
        sa.Column("last_round_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("brake", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_healing_switch")),
    )
    op.create_table(
        "summary_deliveries",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("attempts", BIG_INTEGER, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summary_deliveries")),
        sa.UniqueConstraint("day", "channel", name=op.f("uq_summary_deliveries_day_channel")),
    )
    op.create_table(
        "healing_pauses",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_healing_pauses_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_healing_pauses")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_healing_pauses_tenant_id")),
    )
    with op.batch_alter_table("healing_pauses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_healing_pauses_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "healing_rules",
        sa.Column("row_version", BIG_INTEGER, nullable=False),
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("condition", sa.String(length=48), nullable=False),
        sa.Column("step", BIG_INTEGER, nullable=False),
        sa.Column("after_seconds", BIG_INTEGER, nullable=False),
        sa.Column("action", sa.String(24), nullable=False),
        sa.Column("cooldown_seconds", BIG_INTEGER, nullable=False),
        sa.Column("most_attempts", BIG_INTEGER, nullable=False),
        sa.Column("window_seconds", BIG_INTEGER, nullable=False),
        sa.Column("then", sa.String(24), nullable=False),
        sa.Column("unattended", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_healing_rules_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_healing_rules")),
        sa.UniqueConstraint("tenant_id", "condition", "step", name=op.f("uq_healing_rules_tenant_id_condition_step")),
    )
    with op.batch_alter_table("healing_rules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_healing_rules_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "degradations",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_degradations_device_id_devices")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_degradations_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_degradations")),
    )
    with op.batch_alter_table("degradations", schema=None) as batch_op:
        batch_op.create_index("ix_degradations_device_since", ["device_id", "since"], unique=False)
        batch_op.create_index(batch_op.f("ix_degradations_over_at"), ["over_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_degradations_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "healing_cases",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("condition", sa.String(length=48), nullable=False),
        sa.Column("cause", sa.String(length=48), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("incident_id", BIG_INTEGER, nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_healing_cases_device_id_devices")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_healing_cases_incident_id_incidents")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_healing_cases_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_healing_cases")),
    )
    with op.batch_alter_table("healing_cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_healing_cases_closed_at"), ["closed_at"], unique=False)
        batch_op.create_index("ix_healing_cases_device_opened", ["device_id", "opened_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_healing_cases_incident_id"), ["incident_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_healing_cases_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_healing_cases_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "healing_actions",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("case_id", BIG_INTEGER, nullable=False),
        sa.Column("device_id", BIG_INTEGER, nullable=False),
        sa.Column("condition", sa.String(length=48), nullable=False),
        sa.Column("cause", sa.String(length=48), nullable=False),
        sa.Column("step", BIG_INTEGER, nullable=False),
        sa.Column("action", sa.String(24), nullable=False),
        sa.Column("attempt", BIG_INTEGER, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("run_id", BIG_INTEGER, nullable=True),
        sa.Column("mailbox_id", sa.String(length=36), nullable=True),
        sa.Column("deployment_id", BIG_INTEGER, nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", BIG_INTEGER, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["healing_cases.id"], name=op.f("fk_healing_actions_case_id_healing_cases")
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_healing_actions_deployment_id_deployments")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_healing_actions_device_id_devices")),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["device_actions.id"], name=op.f("fk_healing_actions_mailbox_id_device_actions")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_healing_actions_run_id_runs")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_healing_actions_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_healing_actions")),
    )
    with op.batch_alter_table("healing_actions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_healing_actions_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_healing_actions_device_started", ["device_id", "started_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_healing_actions_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_healing_actions_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_healing_actions_tenant_id"), ["tenant_id"], unique=False)

    _first_healing_rules()


def _first_healing_rules() -> None:
    """What the platform begins with; people change it from there."""
    rules = json.loads(Path(__file__).parents[1].joinpath("healing_defaults.json").read_text(encoding="utf-8"))
    bind = op.get_bind()
    table = sa.Table("healing_defaults", sa.MetaData(), autoload_with=bind)
    op.bulk_insert(table, [rule | {"row_version": 1} for rule in rules])
    op.bulk_insert(
        sa.Table("healing_switch", sa.MetaData(), autoload_with=bind),
        [{"id": 1, "paused_by": "", "pause_reason": "", "brake": ""}],
    )


def downgrade() -> None:
    with op.batch_alter_table("healing_actions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_healing_actions_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_healing_actions_state"))
        batch_op.drop_index(batch_op.f("ix_healing_actions_run_id"))
        batch_op.drop_index("ix_healing_actions_device_started")
        batch_op.drop_index(batch_op.f("ix_healing_actions_case_id"))

    op.drop_table("healing_actions")
    with op.batch_alter_table("healing_cases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_healing_cases_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_healing_cases_state"))
        batch_op.drop_index(batch_op.f("ix_healing_cases_incident_id"))
        batch_op.drop_index("ix_healing_cases_device_opened")
        batch_op.drop_index(batch_op.f("ix_healing_cases_closed_at"))

    op.drop_table("healing_cases")
    with op.batch_alter_table("degradations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_degradations_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_degradations_over_at"))
        batch_op.drop_index("ix_degradations_device_since")

    op.drop_table("degradations")
    with op.batch_alter_table("healing_rules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_healing_rules_tenant_id"))

    op.drop_table("healing_rules")
    with op.batch_alter_table("healing_pauses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_healing_pauses_tenant_id"))

    op.drop_table("healing_pauses")
    op.drop_table("summary_deliveries")
    op.drop_table("healing_switch")
    op.drop_table("healing_defaults")

    with op.batch_alter_table("report_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_files_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_report_files_state"))
        batch_op.drop_index(batch_op.f("ix_report_files_requested_by_id"))

    op.drop_table("report_files")
    with op.batch_alter_table("site_days", schema=None) as batch_op:
        batch_op.drop_index("ix_site_days_tenant_day")

    op.drop_table("site_days")
    with op.batch_alter_table("silences", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_silences_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_silences_site_id"))
        batch_op.drop_index(batch_op.f("ix_silences_ends_at"))

    op.drop_table("silences")
    with op.batch_alter_table("host_results", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_host_results_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_host_results_slice_id"))
        batch_op.drop_index("ix_host_results_device")

    op.drop_table("host_results")
    with op.batch_alter_table("run_slices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_slices_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_run_slices_state"))
        batch_op.drop_index(batch_op.f("ix_run_slices_run_id"))

    op.drop_table("run_slices")
    with op.batch_alter_table("rollback_points", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rollback_points_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_rollback_points_device_id"))

    op.drop_table("rollback_points")
    with op.batch_alter_table("device_locks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_device_locks_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_device_locks_run_id"))

    op.drop_table("device_locks")
    with op.batch_alter_table("deployment_devices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deployment_devices_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_deployment_devices_progress"))
        batch_op.drop_index(batch_op.f("ix_deployment_devices_device_id"))
        batch_op.drop_index(batch_op.f("ix_deployment_devices_config_version_id"))

    op.drop_table("deployment_devices")
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_approvals_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_approvals_run_id"))
        batch_op.drop_index(batch_op.f("ix_approvals_deployment_id"))

    op.drop_table("approvals")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index("ix_runs_tenant_requested")
        batch_op.drop_index(batch_op.f("ix_runs_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_runs_state"))
        batch_op.drop_index(batch_op.f("ix_runs_schedule_id"))
        batch_op.drop_index(batch_op.f("ix_runs_rollback_of_id"))
        batch_op.drop_index(batch_op.f("ix_runs_deployment_id"))
        batch_op.drop_index(batch_op.f("ix_runs_check_of_id"))

    op.drop_table("runs")
    with op.batch_alter_table("device_states", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_device_states_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_device_states_status"))
        batch_op.drop_index(batch_op.f("ix_device_states_desired_config_id"))

    op.drop_table("device_states")
    with op.batch_alter_table("refresh_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refresh_tokens_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_refresh_tokens_sign_in_id"))

    op.drop_table("refresh_tokens")
    with op.batch_alter_table("group_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_group_members_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_group_members_device_id"))

    op.drop_table("group_members")
    with op.batch_alter_table("enrolment_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_enrolment_tokens_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_enrolment_tokens_device_id"))

    op.drop_table("enrolment_tokens")
    with op.batch_alter_table("device_status_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_device_status_changes_tenant_id"))
        batch_op.drop_index("ix_device_status_changes_device_at")

    op.drop_table("device_status_changes")
    with op.batch_alter_table("device_actions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_device_actions_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_device_actions_device_id"))

    op.drop_table("device_actions")
    with op.batch_alter_table("deployments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deployments_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_deployments_template_version_id"))
        batch_op.drop_index(batch_op.f("ix_deployments_state"))
        batch_op.drop_index(batch_op.f("ix_deployments_rollback_of_id"))

    op.drop_table("deployments")
    with op.batch_alter_table("config_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_config_versions_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_config_versions_template_version_id"))
        batch_op.drop_index(batch_op.f("ix_config_versions_device_id"))
        batch_op.drop_index(batch_op.f("ix_config_versions_content_sha256"))

    op.drop_table("config_versions")
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alerts_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_alerts_state"))
        batch_op.drop_index(batch_op.f("ix_alerts_incident_id"))
        batch_op.drop_index(batch_op.f("ix_alerts_device_id"))

    op.drop_table("alerts")
    with op.batch_alter_table("template_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_template_versions_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_template_versions_template_id"))

    op.drop_table("template_versions")
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_ins_user_id"))
        batch_op.drop_index(batch_op.f("ix_sign_ins_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_sign_ins_expires_at"))

    op.drop_table("sign_ins")
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_schedules_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_schedules_next_at"))

    op.drop_table("schedules")
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_devices_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_devices_template_id"))
        batch_op.drop_index(batch_op.f("ix_devices_site_id"))
        batch_op.drop_index(batch_op.f("ix_devices_name"))

    op.drop_table("devices")
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_tokens_user_id"))
        batch_op.drop_index(batch_op.f("ix_api_tokens_tenant_id"))

    op.drop_table("api_tokens")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_tenant_id"))

    op.drop_table("users")
    with op.batch_alter_table("sites", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sites_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_sites_region"))

    op.drop_table("sites")
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incidents_tenant_id"))

    op.drop_table("incidents")
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_created_at"))

    op.drop_table("idempotency_keys")
    with op.batch_alter_table("groups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_groups_tenant_id"))

    op.drop_table("groups")
    with op.batch_alter_table("config_templates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_config_templates_tenant_id"))

    op.drop_table("config_templates")
    op.drop_table("alertmanager_states")
    with op.batch_alter_table("audit_verifications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_verifications_tenant_id"))

    op.drop_table("audit_verifications")
    with op.batch_alter_table("audit_heads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_heads_tenant_id"))

    op.drop_table("audit_heads")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entries_tenant_id"))
        batch_op.drop_index("ix_audit_entries_subject")
        batch_op.drop_index(batch_op.f("ix_audit_entries_at"))
        batch_op.drop_index(batch_op.f("ix_audit_entries_action"))

    op.drop_table("audit_entries")
    op.drop_table("tenants")
    with op.batch_alter_table("run_events", schema=None) as batch_op:
        batch_op.drop_index("ix_run_events_run_host")

    op.drop_table("run_events")
    op.drop_table("device_samples")
    with op.batch_alter_table("device_logs", schema=None) as batch_op:
        batch_op.drop_index("ix_device_logs_device_at")

    op.drop_table("device_logs")
