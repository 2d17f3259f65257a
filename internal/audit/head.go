package audit

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// A chain shows what was changed in its middle, but not that its newest events
// and its head were cut off together. So the head is signed every day to a file
// outside the database; a chain that no longer holds a signed head was cut.

const headPurpose = "audit-head"

// SignHead returns a line that says how long the chain is now and what its last
// hash is, signed by the ring: "RFC3339 seq hash mac". The line of an empty
// chain is "".
func SignHead(tx *db.Tx, ring *secret.Ring) (string, error) {
	var seq int64
	var hash string
	if err := tx.Get(`SELECT seq, hash FROM event_head WHERE one = 1`, nil, &seq, &hash); err != nil || seq == 0 {
		return "", err
	}
	at, number := tx.Now().Format(time.RFC3339), strconv.FormatInt(seq, 10)
	return strings.Join([]string{at, number, hash, ring.MAC(headPurpose, at, number, hash)}, " "), nil
}

// VerifyHeads compares the chain with the lines that SignHead made and returns
// what does not fit: a line whose signature is wrong, an event that is missing
// or differs. It reads heads to its end.
func VerifyHeads(ctx context.Context, d *db.DB, ring *secret.Ring, heads io.Reader) (problems []string, err error) {
	lines := bufio.NewScanner(heads)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 4 || !ring.MACMatches(f[3], headPurpose, f[0], f[1], f[2]) {
			problems = append(problems, fmt.Sprintf("line %d of the signed heads was changed", n))
			continue
		}
		seq, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return problems, fmt.Errorf("audit: line %d: %w", n, err)
		}
		var hash string
		err = d.Read(ctx, func(tx *db.Tx) error {
			return tx.Get(`SELECT hash FROM event WHERE seq = $1`, []any{seq}, &hash)
		})
		switch {
		case fault.Is(err, fault.NotFound):
			problems = append(problems, fmt.Sprintf("event %d, signed on %s, is missing: the tail was cut", seq, f[0]))
		case err != nil:
			return problems, err
		case hash != f[2]:
			problems = append(problems, fmt.Sprintf("event %d is not the one that was signed on %s", seq, f[0]))
		}
	}
	return problems, lines.Err()
}
