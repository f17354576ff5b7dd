package main

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"

	"github.com/capstan-run/capstan/bench/internal/measure"
)

// bare keeps runs of five steps at the least cost: five rows, each synced, and
// nothing else.
func (c config) bare(ctx context.Context) (result measure.Result, err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(c.state, "bare.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	if err != nil {
		return result, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE TABLE step (n INTEGER PRIMARY KEY, result TEXT)"); err != nil {
		return result, err
	}
	insert, err := db.PrepareContext(ctx, "INSERT INTO step (result) VALUES ('done')")
	if err != nil {
		return result, err
	}
	var writer sync.Mutex
	result.Run, err = c.loop.Do(func() error {
		writer.Lock()
		defer writer.Unlock()
		for range 5 {
			if _, err := insert.ExecContext(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return result, err
}
