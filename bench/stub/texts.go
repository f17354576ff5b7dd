package main

import (
	_ "embed"
	"strings"
)

const (
	organizationID = "org_01JQ7Z3M5T9W2K4X6B8N0PRVCD"
	directoryID    = "directory_01JQ7Z3M5T9W2K4X6B8N0PRVCE"
)

// filler makes a record about 1 KB.
var filler = strings.Repeat("the harbour master keeps a record of it; ", 24)

// The answers fit the small document and WorkOS's.
var (
	//go:embed answers/organizations.json
	organization string
	//go:embed answers/generate_link.json
	link string
	//go:embed answers/connections.json
	connections string
	//go:embed answers/directories.json
	directories string
	//go:embed answers/directory_users.json
	users string
)
