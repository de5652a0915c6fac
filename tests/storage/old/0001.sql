BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE campaign (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	taxonomy_id VARCHAR(40) NOT NULL, 
	instructions TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_campaign PRIMARY KEY (id), 
	CONSTRAINT fk_campaign_project_id FOREIGN KEY(project_id) REFERENCES project (id), 
	CONSTRAINT fk_campaign_taxonomy_id FOREIGN KEY(taxonomy_id) REFERENCES taxonomy (id), 
	CONSTRAINT uq_campaign_project_id_name UNIQUE (project_id, name)
);
CREATE TABLE evaluation (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) NOT NULL, 
	model_id VARCHAR(40) NOT NULL, 
	snapshot_id VARCHAR(40) NOT NULL, 
	settings_id VARCHAR(40) NOT NULL, 
	report VARCHAR(40) NOT NULL, 
	page VARCHAR(40) NOT NULL, 
	summary JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_evaluation PRIMARY KEY (id), 
	CONSTRAINT fk_evaluation_model_id FOREIGN KEY(model_id) REFERENCES model_version (id), 
	CONSTRAINT fk_evaluation_project_id FOREIGN KEY(project_id) REFERENCES project (id), 
	CONSTRAINT fk_evaluation_snapshot_id FOREIGN KEY(snapshot_id) REFERENCES snapshot (id), 
	CONSTRAINT uq_evaluation_model_id_snapshot_id_settings_id UNIQUE (model_id, snapshot_id, settings_id)
);
CREATE TABLE item (
	seq INTEGER NOT NULL, 
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	name VARCHAR(500) NOT NULL, 
	source VARCHAR(500) NOT NULL, 
	customer VARCHAR(200), 
	group_name VARCHAR(300) NOT NULL, 
	split VARCHAR(12) NOT NULL, 
	media_type VARCHAR(40) NOT NULL, 
	bytes INTEGER NOT NULL, 
	width INTEGER, 
	height INTEGER, 
	text TEXT, 
	fingerprint BIGINT, 
	captured_at DATETIME, 
	ingested_at DATETIME NOT NULL, 
	ingest_id VARCHAR(40) NOT NULL, 
	attributes JSON NOT NULL, 
	CONSTRAINT pk_item PRIMARY KEY (seq), 
	CONSTRAINT fk_item_project_id FOREIGN KEY(project_id) REFERENCES project (id), 
	CONSTRAINT uq_item_project_id_id UNIQUE (project_id, id)
);
INSERT INTO "item" VALUES(1,'1240a4684403b160e6597a653a88f56c','prj_01m7z36se0pn7khbbd0y','image','0.jpg','camera','aurora','g0','train','image/jpeg',9,64,48,NULL,0,'2026-11-01 00:00:00.000000','2026-11-01 00:00:00.000000','run_1','{"weather":"rain"}');
INSERT INTO "item" VALUES(2,'cea3878a334b240469d159ff840b6434','prj_01m7z36se0pn7khbbd0y','image','1.jpg','camera','aurora','g1','train','image/jpeg',9,64,48,NULL,1,'2026-11-01 00:00:00.000000','2026-11-01 00:00:00.000000','run_1','{"weather":"rain"}');
INSERT INTO "item" VALUES(3,'4129e2a8044a57ce7635fd6023661cd6','prj_01m7z36se0pn7khbbd0y','image','2.jpg','camera','aurora','g2','train','image/jpeg',9,64,48,NULL,2,'2026-11-01 00:00:00.000000','2026-11-01 00:00:00.000000','run_1','{"weather":"rain"}');
CREATE TABLE item_group (
	project_id VARCHAR(40) NOT NULL, 
	name VARCHAR(300) NOT NULL, 
	split VARCHAR(12) NOT NULL, 
	CONSTRAINT pk_item_group PRIMARY KEY (project_id, name), 
	CONSTRAINT fk_item_group_project_id FOREIGN KEY(project_id) REFERENCES project (id)
);
CREATE TABLE label_head (
	project_id VARCHAR(40) NOT NULL, 
	item_id VARCHAR(40) NOT NULL, 
	taxonomy VARCHAR(200) NOT NULL, 
	revision_id VARCHAR(40) NOT NULL, 
	revision_seq INTEGER NOT NULL, 
	CONSTRAINT pk_label_head PRIMARY KEY (project_id, item_id, taxonomy), 
	CONSTRAINT fk_label_head_project_id FOREIGN KEY(project_id) REFERENCES project (id)
);
INSERT INTO "label_head" VALUES('prj_01m7z36se0pn7khbbd0y','1240a4684403b160e6597a653a88f56c','aurora','5400469141e71f2fd5d9a56ed2a8452c',1);
INSERT INTO "label_head" VALUES('prj_01m7z36se0pn7khbbd0y','cea3878a334b240469d159ff840b6434','aurora','b9581fb9173630b278bf0ff6320bafc0',2);
INSERT INTO "label_head" VALUES('prj_01m7z36se0pn7khbbd0y','4129e2a8044a57ce7635fd6023661cd6','aurora','c309e690620bd9a29bfe271144ed9217',3);
CREATE TABLE label_revision (
	seq INTEGER NOT NULL, 
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) NOT NULL, 
	item_id VARCHAR(40) NOT NULL, 
	taxonomy_id VARCHAR(40) NOT NULL, 
	parent_id VARCHAR(40), 
	author_kind VARCHAR(10) NOT NULL, 
	author VARCHAR(200) NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	content VARCHAR(40) NOT NULL, 
	payload BLOB NOT NULL, 
	shapes INTEGER NOT NULL, 
	active_seconds FLOAT, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_label_revision PRIMARY KEY (seq), 
	CONSTRAINT fk_label_revision_project_id FOREIGN KEY(project_id) REFERENCES project (id), 
	CONSTRAINT fk_label_revision_taxonomy_id FOREIGN KEY(taxonomy_id) REFERENCES taxonomy (id), 
	CONSTRAINT uq_label_revision_project_id_id UNIQUE (project_id, id)
);
INSERT INTO "label_revision" VALUES(1,'5400469141e71f2fd5d9a56ed2a8452c','prj_01m7z36se0pn7khbbd0y','1240a4684403b160e6597a653a88f56c','tax_01m7z36sgarmzbqjrg3x',NULL,'import','camera','submitted','2048fe371c0dd966093cdb0ad9b9d208',X'7B22626F78223A5B312E302C322E302C33302E302C34302E305D2C226C6162656C223A5B305D2C226C6162656C73223A5B2248756D616E225D7D',1,NULL,'2026-11-01 00:00:00.000000');
INSERT INTO "label_revision" VALUES(2,'b9581fb9173630b278bf0ff6320bafc0','prj_01m7z36se0pn7khbbd0y','cea3878a334b240469d159ff840b6434','tax_01m7z36sgarmzbqjrg3x',NULL,'import','camera','submitted','930d3fe5cd9b525b8c11513597008ea2',X'7B22626F78223A5B312E302C322E302C33302E302C34302E305D2C226C6162656C223A5B305D2C226C6162656C73223A5B2248756D616E225D7D',1,NULL,'2026-11-01 00:00:00.000000');
INSERT INTO "label_revision" VALUES(3,'c309e690620bd9a29bfe271144ed9217','prj_01m7z36se0pn7khbbd0y','4129e2a8044a57ce7635fd6023661cd6','tax_01m7z36sgarmzbqjrg3x',NULL,'import','camera','submitted','af0343515d01e074dd2eb3c93d88d66d',X'7B22626F78223A5B312E302C322E302C33302E302C34302E305D2C226C6162656C223A5B305D2C226C6162656C73223A5B2248756D616E225D7D',1,NULL,'2026-11-01 00:00:00.000000');
CREATE TABLE model_version (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) NOT NULL, 
	number INTEGER NOT NULL, 
	snapshot_id VARCHAR(40) NOT NULL, 
	family VARCHAR(40) NOT NULL, 
	recipe JSON NOT NULL, 
	recipe_id VARCHAR(40) NOT NULL, 
	super_taxonomy_id VARCHAR(40) NOT NULL, 
	code_version VARCHAR(80) NOT NULL, 
	seed INTEGER NOT NULL, 
	weights VARCHAR(40) NOT NULL, 
	record JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_model_version PRIMARY KEY (id), 
	CONSTRAINT fk_model_version_project_id FOREIGN KEY(project_id) REFERENCES project (id), 
	CONSTRAINT fk_model_version_snapshot_id FOREIGN KEY(snapshot_id) REFERENCES snapshot (id), 
	CONSTRAINT fk_model_version_super_taxonomy_id FOREIGN KEY(super_taxonomy_id) REFERENCES taxonomy (id), 
	CONSTRAINT uq_model_version_project_id_number UNIQUE (project_id, number)
);
CREATE TABLE prediction (
	model_id VARCHAR(40) NOT NULL, 
	item_id VARCHAR(40) NOT NULL, 
	payload BLOB NOT NULL, 
	latency_ms DOUBLE NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_prediction PRIMARY KEY (model_id, item_id), 
	CONSTRAINT fk_prediction_model_id FOREIGN KEY(model_id) REFERENCES model_version (id)
);
CREATE TABLE profile (
	project_id VARCHAR(40) NOT NULL, 
	source VARCHAR(200) NOT NULL, 
	profile JSON NOT NULL, 
	updated_at DATETIME NOT NULL, 
	CONSTRAINT pk_profile PRIMARY KEY (project_id, source), 
	CONSTRAINT fk_profile_project_id FOREIGN KEY(project_id) REFERENCES project (id)
);
CREATE TABLE project (
	id VARCHAR(40) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	task VARCHAR(20) NOT NULL, 
	salt VARCHAR(64) NOT NULL, 
	validation_share DOUBLE NOT NULL, 
	test_share DOUBLE NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_project PRIMARY KEY (id), 
	CONSTRAINT uq_project_name UNIQUE (name)
);
INSERT INTO "project" VALUES('prj_01m7z36se0pn7khbbd0y','street','boxes','936aba4294022d186c5a84664b574513',0.1,0.2,'2026-11-01 00:00:00.000000');
CREATE TABLE quarantine (
	seq INTEGER NOT NULL, 
	run_id VARCHAR(40) NOT NULL, 
	number INTEGER NOT NULL, 
	file TEXT NOT NULL, 
	line INTEGER, 
	field VARCHAR(200), 
	reason TEXT NOT NULL, 
	CONSTRAINT pk_quarantine PRIMARY KEY (seq), 
	CONSTRAINT fk_quarantine_run_id FOREIGN KEY(run_id) REFERENCES run (id), 
	CONSTRAINT uq_quarantine_run_id_number UNIQUE (run_id, number)
);
CREATE TABLE run (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40), 
	kind VARCHAR(20) NOT NULL, 
	"key" VARCHAR(80), 
	params JSON NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	fraction DOUBLE NOT NULL, 
	message TEXT NOT NULL, 
	numbers JSON NOT NULL, 
	result JSON, 
	error JSON, 
	created_at DATETIME NOT NULL, 
	started_at DATETIME, 
	heartbeat_at DATETIME, 
	ended_at DATETIME, 
	CONSTRAINT pk_run PRIMARY KEY (id), 
	CONSTRAINT fk_run_project_id FOREIGN KEY(project_id) REFERENCES project (id), 
	CONSTRAINT uq_run_project_id_key UNIQUE (project_id, "key")
);
CREATE TABLE snapshot (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) NOT NULL, 
	number INTEGER NOT NULL, 
	content VARCHAR(40) NOT NULL, 
	"query" JSON NOT NULL, 
	cutoff INTEGER NOT NULL, 
	counts JSON NOT NULL, 
	parts JSON NOT NULL, 
	boxes JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_snapshot PRIMARY KEY (id), 
	CONSTRAINT fk_snapshot_project_id FOREIGN KEY(project_id) REFERENCES project (id), 
	CONSTRAINT uq_snapshot_project_id_content UNIQUE (project_id, content), 
	CONSTRAINT uq_snapshot_project_id_number UNIQUE (project_id, number)
);
CREATE TABLE task (
	seq INTEGER NOT NULL, 
	campaign_id VARCHAR(40) NOT NULL, 
	item_id VARCHAR(40) NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	revision_id VARCHAR(40), 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_task PRIMARY KEY (seq), 
	CONSTRAINT fk_task_campaign_id FOREIGN KEY(campaign_id) REFERENCES campaign (id), 
	CONSTRAINT uq_task_campaign_id_item_id UNIQUE (campaign_id, item_id)
);
CREATE TABLE taxonomy (
	id VARCHAR(40) NOT NULL, 
	project_id VARCHAR(40) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	version INTEGER NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	document JSON NOT NULL, 
	content VARCHAR(40) NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_taxonomy PRIMARY KEY (id), 
	CONSTRAINT fk_taxonomy_project_id FOREIGN KEY(project_id) REFERENCES project (id), 
	CONSTRAINT uq_taxonomy_project_id_name_version UNIQUE (project_id, name, version)
);
INSERT INTO "taxonomy" VALUES('tax_01m7z36sffspptx0s0zx','prj_01m7z36se0pn7khbbd0y','street',1,'super','{"super-taxonomy":"street","version":1,"classes":{"person":{}}}','8d548628e791ae17ab7b52c3184b114e','2026-11-01 00:00:00.000000');
INSERT INTO "taxonomy" VALUES('tax_01m7z36sgarmzbqjrg3x','prj_01m7z36se0pn7khbbd0y','aurora',1,'customer','{"taxonomy":"aurora","version":1,"super-taxonomy":"street","labels":{"Human":"person"}}','5035dd04d9fd7ac9d67e30da9d1c3bb2','2026-11-01 00:00:00.000000');
CREATE INDEX ix_item_project_id_name ON item (project_id, name);
CREATE INDEX ix_item_project_id_seq ON item (project_id, seq);
CREATE INDEX ix_run_project_id_id ON run (project_id, id);
CREATE INDEX ix_run_state ON run (state);
CREATE INDEX ix_label_revision_project_id_item_id ON label_revision (project_id, item_id);
CREATE INDEX ix_label_revision_project_id_seq ON label_revision (project_id, seq);
CREATE INDEX ix_quarantine_run_id_seq ON quarantine (run_id, seq);
CREATE INDEX ix_task_campaign_id_seq ON task (campaign_id, seq);
COMMIT;
