package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/capstan-run/capstan/engine/durable/sqlite"
)

// tamper changes a database behind the package's back.
func tamper(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "capstan.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

func sound(t *testing.T, dir string) {
	t.Helper()
	finding, err := sqlite.Check(t.Context(), dir)
	if err != nil || finding != "ok" {
		t.Errorf("integrity check: %s, %v", finding, err)
	}
}

// ask queries a database behind the package's back for a number.
func ask(t *testing.T, dir, query string, args ...any) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "capstan.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
