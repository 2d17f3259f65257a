package db

import (
	"context"
	"database/sql"
	"sync"
)

// statements keeps the queries that come again and again prepared. SQLite takes
// longer to read a query than to run most of ours; PostgreSQL's driver keeps
// statements by itself.
//
// A query is prepared when it has been met a few times, after the transaction
// that met it: inside it the pool may have no other connection to prepare on.
type statements struct {
	pool *sql.DB

	mu   sync.RWMutex
	kept map[string]*sql.Stmt
	seen map[string]int
}

const (
	keepAfter = 3 // times
	// Queries that are put together from what somebody looks for are without
	// number; those of the program are fewer than this.
	mostKept = 400
	mostSeen = 2000
)

func newStatements(pool *sql.DB) *statements {
	return &statements{pool: pool, kept: map[string]*sql.Stmt{}, seen: map[string]int{}}
}

// of is the prepared query, or nil where it is not kept.
func (s *statements) of(query string) *sql.Stmt {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.kept[query]
}

// met counts the queries of a transaction that were not prepared, and prepares
// those that come often.
func (s *statements) met(queries []string) {
	if s == nil {
		return
	}
	for _, q := range queries {
		if !s.often(q) {
			continue
		}
		prepared, err := s.pool.PrepareContext(context.Background(), q) //nolint:sqlclosecheck // it is kept on purpose
		if err != nil {
			continue // what is wrong with it, whoever runs it is told
		}
		s.mu.Lock()
		if s.kept[q] == nil && len(s.kept) < mostKept {
			s.kept[q], prepared = prepared, nil
		}
		s.mu.Unlock()
		if prepared != nil {
			_ = prepared.Close() // another was quicker
		}
	}
}

func (s *statements) often(query string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[query] != nil || len(s.kept) >= mostKept || len(s.seen) >= mostSeen && s.seen[query] == 0 {
		return false
	}
	s.seen[query]++
	if s.seen[query] < keepAfter {
		return false
	}
	delete(s.seen, query)
	return true
}
