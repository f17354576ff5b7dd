package main

import "strings"

const (
	organizationID = "org_01JQ7Z3M5T9W2K4X6B8N0PRVCD"
	directoryID    = "directory_01JQ7Z3M5T9W2K4X6B8N0PRVCE"
)

// filler makes a record about 1 KB.
var filler = strings.Repeat("the harbour master keeps a record of it; ", 24)

const organization = `{"object": "organization", "id": "` + organizationID + `", "name": "Harbour Works", "domains": [` +
	`{"object": "organization_domain", "id": "org_domain_01JQ7Z3M5T9W2K4X6B8N0PRVCF", "organization_id": "` + organizationID + `", "domain": "harbour.example", ` +
	`"state": "pending", "verification_prefix": "harbour-k3j", "verification_token": "m5Oztg3jdK4NJLgs8uIlIprMw", "verification_strategy": "dns", ` +
	`"created_at": "2026-01-15T12:00:00.000Z", "updated_at": "2026-01-15T12:00:00.000Z"}], "metadata": {"tier": "gold"}, "external_id": "h-1", ` +
	`"created_at": "2026-01-15T12:00:00.000Z", "updated_at": "2026-01-15T12:00:00.000Z"}`

const link = `{"link": "https://setup.harbour.example/enter?token=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"}`

const noMore = `, "list_metadata": {"before": null, "after": null}}`

const connections = `{"object": "list", "data": [{"object": "connection", "id": "conn_01JQ7Z3M5T9W2K4X6B8N0PRVCG", "organization_id": "` + organizationID + `", ` +
	`"connection_type": "OktaSAML", "name": "Harbour Works", "state": "active", "status": "linked", ` +
	`"domains": [{"object": "connection_domain", "id": "org_domain_01JQ7Z3M5T9W2K4X6B8N0PRVCF", "domain": "harbour.example"}], ` +
	`"created_at": "2026-01-15T12:00:00.000Z", "updated_at": "2026-01-15T12:00:00.000Z"}]` + noMore

const directories = `{"object": "list", "data": [{"object": "directory", "id": "` + directoryID + `", "organization_id": "` + organizationID + `", ` +
	`"external_key": "sPa12dwRQ", "type": "gsuite directory", "state": "linked", "name": "Harbour Works", "domain": "harbour.example", ` +
	`"metadata": {"groups": 5, "users": {"active": 42, "inactive": 3}}, ` +
	`"created_at": "2026-01-15T12:00:00.000Z", "updated_at": "2026-01-15T12:00:00.000Z"}]` + noMore

const users = `{"object": "list", "data": [{"object": "directory_user", "id": "directory_user_01JQ7Z3M5T9W2K4X6B8N0PRVCH", "directory_id": "` + directoryID + `", ` +
	`"organization_id": "` + organizationID + `", "idp_id": "2836", "email": "ada@harbour.example", "first_name": "Ada", "last_name": "Pilot", "name": "Ada Pilot", ` +
	`"state": "active", "custom_attributes": {"department": "Pilots", "job_title": "Pilot"}, "raw_attributes": {}, "role": {"slug": "member"}, "roles": [{"slug": "member"}], ` +
	`"groups": [{"object": "directory_group", "id": "directory_group_01JQ7Z3M5T9W2K4X6B8N0PRVCJ", "idp_id": "02grqrue4294w24", "directory_id": "` + directoryID + `", ` +
	`"organization_id": "` + organizationID + `", "name": "Pilots", "raw_attributes": {}, "created_at": "2026-01-15T12:00:00.000Z", "updated_at": "2026-01-15T12:00:00.000Z"}], ` +
	`"created_at": "2026-01-15T12:00:00.000Z", "updated_at": "2026-01-15T12:00:00.000Z"}]` + noMore
