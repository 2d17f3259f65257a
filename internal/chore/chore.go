// Package chore does the portal's housekeeping: reminders, sweeps, ends of terms.
//
// A Chore is declared with a name and an interval. It runs on one node of a
// cluster at a time: before a run the node leases the chore's row, and a node
// that dies leaves a lease that runs out. A chore must be safe to run again at
// any time, since a node may die after the work and before the note of it.
package chore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/secret"
)

// A Chore is a piece of housekeeping.
type Chore struct {
	Name  string
	Every time.Duration
	Run   func(ctx context.Context) error
}

// A Runner runs chores that are due.
type Runner struct {
	DB     *db.DB
	Secret secret.Source
	Log    *slog.Logger
	Chores []Chore
	// Now measures how long a run takes; what is due is the database's now.
	Now func() time.Time
	// Tick tells when to look for due chores.
	Tick <-chan time.Time
}

const lease = 10 * time.Minute

// Run looks for due chores at once and at every tick until ctx ends.
func (r *Runner) Run(ctx context.Context) {
	for {
		if _, err := r.RunDue(ctx); err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "chores failed", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-r.Tick:
		}
	}
}

// RunDue runs every chore that is due and not in another node's hands, and says
// how many it ran. The failure of one does not keep the others from running.
func (r *Runner) RunDue(ctx context.Context) (ran int, err error) {
	for _, c := range r.Chores {
		if ctx.Err() != nil {
			return ran, ctx.Err()
		}
		token, claimErr := r.claim(ctx, c)
		if claimErr != nil {
			return ran, errors.Join(err, claimErr)
		}
		if token == "" {
			continue
		}
		start := r.Now()
		runErr := c.Run(ctx)
		ran++
		if settleErr := r.settle(ctx, c, token, r.Now().Sub(start), runErr); settleErr != nil {
			return ran, errors.Join(err, settleErr)
		}
		if runErr != nil {
			err = errors.Join(err, fmt.Errorf("chore %s: %w", c.Name, runErr))
		}
	}
	return ran, err
}

// claim takes the lease of a due chore, or returns "" when it is not due or
// another node has it.
func (r *Runner) claim(ctx context.Context, c Chore) (string, error) {
	token := r.Secret.Token()
	var n int64
	err := r.DB.Write(ctx, func(tx *db.Tx) error {
		now := db.Micros(tx.Now())
		_, err := tx.Count(`INSERT INTO chore (name, next_at, lease_token, lease_until, ran_at, took, runs, error)
			VALUES ($1,0,'',0,0,0,0,'') ON CONFLICT (name) DO NOTHING`, c.Name)
		if err != nil {
			return err
		}
		n, err = tx.Count(`UPDATE chore SET lease_token = $1, lease_until = $2 WHERE name = $3 AND next_at <= $4 AND lease_until <= $4`,
			token, db.Micros(tx.Now().Add(lease)), c.Name, now)
		return err
	})
	if err != nil || n == 0 {
		return "", err
	}
	return token, nil
}

// settle notes a run; the token fences off a node whose lease ran out.
func (r *Runner) settle(ctx context.Context, c Chore, token string, took time.Duration, runErr error) error {
	text := ""
	if runErr != nil {
		text = runErr.Error()
	}
	return r.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Count(`UPDATE chore SET next_at = $1, lease_until = 0, ran_at = $2, took = $3, runs = runs + 1, error = $4
			WHERE name = $5 AND lease_token = $6`,
			db.Micros(tx.Now().Add(c.Every)), db.Micros(tx.Now()), took.Microseconds(), text, c.Name, token)
		return err
	})
}

// A State is what is known of a chore.
type State struct {
	Name   string
	NextAt time.Time
	RanAt  time.Time
	Took   time.Duration
	Runs   int64
	Error  string // of the last run, or ""
}

// States returns every chore that ever ran, by name.
func States(tx *db.Tx) ([]State, error) {
	var all []State
	err := tx.Each(`SELECT name, next_at, ran_at, took, runs, error FROM chore ORDER BY name`, nil, func(scan func(...any) error) error {
		var s State
		var next, ran, took int64
		if err := scan(&s.Name, &next, &ran, &took, &s.Runs, &s.Error); err != nil {
			return err
		}
		s.NextAt, s.RanAt, s.Took = db.Time(next), db.Time(ran), time.Duration(took)*time.Microsecond
		all = append(all, s)
		return nil
	})
	return all, err
}
