"""Releases and their decisions, served answers and feedback, drift, issues, what the loop may do, steps of a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "item_facts",
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_facts")),
    )
    op.create_table(
        "policy",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("verb", sa.String(length=4), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_policy_project_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_policy")),
    )
    with op.batch_alter_table("policy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_project_id_seq"), ["project_id", "seq"], unique=False)

    op.create_table(
        "run_step",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_step_run_id")),
        sa.PrimaryKeyConstraint("run_id", "name", name=op.f("pk_run_step")),
    )
    op.create_table(
        "alias",
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("model_id", sa.String(length=40), nullable=False),
        sa.Column("decision_id", sa.String(length=40), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model_version.id"], name=op.f("fk_alias_model_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_alias_project_id")),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_alias")),
    )
    op.create_table(
        "artifact",
        sa.Column("model_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("content", sa.String(length=40), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model_version.id"], name=op.f("fk_artifact_model_id")),
        sa.PrimaryKeyConstraint("model_id", "kind", name=op.f("pk_artifact")),
    )
    op.create_table(
        "drift",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("model_id", sa.String(length=40), nullable=False),
        sa.Column("drifted", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("report", sa.String(length=40), nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model_version.id"], name=op.f("fk_drift_model_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_drift_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift")),
        sa.UniqueConstraint("project_id", "key", name=op.f("uq_drift_project_id_key")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_drift_project_id_number")),
    )
    op.create_table(
        "issue",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("model_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model_version.id"], name=op.f("fk_issue_model_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_issue_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
        sa.UniqueConstraint("project_id", "key", name=op.f("uq_issue_project_id_key")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_issue_project_id_number")),
    )
    op.create_table(
        "release",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("model_id", sa.String(length=40), nullable=False),
        sa.Column("champion_id", sa.String(length=40), nullable=True),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_item", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["champion_id"], ["model_version.id"], name=op.f("fk_release_champion_id")),
        sa.ForeignKeyConstraint(["model_id"], ["model_version.id"], name=op.f("fk_release_model_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_release_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("project_id", "key", name=op.f("uq_release_project_id_key")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_release_project_id_number")),
    )
    op.create_table(
        "served",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("request", sa.String(length=40), nullable=False),
        sa.Column("release_id", sa.String(length=40), nullable=True),
        sa.Column("model_id", sa.String(length=40), nullable=False),
        sa.Column("arm", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.Column("latency_ms", sa.Double(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model_version.id"], name=op.f("fk_served_model_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_served_project_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_served")),
        sa.UniqueConstraint("id", name=op.f("uq_served_id")),
    )
    with op.batch_alter_table("served", schema=None) as batch_op:
        batch_op.create_index(
            "ix_served_failed",
            ["project_id", "release_id", "arm", "created_at", "sure"],
            unique=False,
            sqlite_where=sa.text("failure IS NOT NULL"),
            postgresql_where=sa.text("failure IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_served_project_id_item_id"), ["project_id", "item_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_served_project_id_model_id_arm_seq"), ["project_id", "model_id", "arm", "seq"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_served_project_id_release_id_arm_created_at_sure"),
            ["project_id", "release_id", "arm", "created_at", "sure"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_served_project_id_seq"), ["project_id", "seq"], unique=False)

    op.create_table(
        "decision",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("release_id", sa.String(length=40), nullable=True),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("stage_from", sa.String(length=20), nullable=True),
        sa.Column("stage_to", sa.String(length=20), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_decision_project_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_decision_release_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_decision")),
        sa.UniqueConstraint("id", name=op.f("uq_decision_id")),
        sa.UniqueConstraint("project_id", "key", name=op.f("uq_decision_project_id_key")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_project_id_seq"), ["project_id", "seq"], unique=False)

    op.create_table(
        "feedback",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("served_id", sa.String(length=40), nullable=False),
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("shapes", sa.JSON(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_feedback_project_id")),
        sa.ForeignKeyConstraint(["served_id"], ["served.id"], name=op.f("fk_feedback_served_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_feedback")),
        sa.UniqueConstraint("id", name=op.f("uq_feedback_id")),
        sa.UniqueConstraint("project_id", "key", name=op.f("uq_feedback_project_id_key")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_feedback_project_id_created_at"), ["project_id", "created_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_feedback_project_id_seq"), ["project_id", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_feedback_served_id"), ["served_id"], unique=False)

    op.create_table(
        "issue_campaign",
        sa.Column("issue_id", sa.String(length=40), nullable=False),
        sa.Column("campaign_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_issue_campaign_campaign_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_campaign_issue_id")),
        sa.PrimaryKeyConstraint("issue_id", "campaign_id", name=op.f("pk_issue_campaign")),
    )
    op.create_table(
        "issue_item",
        sa.Column("issue_id", sa.String(length=40), nullable=False),
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_item_issue_id")),
        sa.PrimaryKeyConstraint("issue_id", "item_id", name=op.f("pk_issue_item")),
    )
    with op.batch_alter_table("issue_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_issue_item_issue_id_score"), ["issue_id", "score"], unique=False)

    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(
            "uq_run_turn_under_way",
            ["project_id"],
            unique=True,
            sqlite_where=sa.text("kind = 'turn' AND state IN ('queued', 'running', 'stopping')"),
            postgresql_where=sa.text("kind = 'turn' AND state IN ('queued', 'running', 'stopping')"),
        )
