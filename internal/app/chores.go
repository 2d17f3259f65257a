package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/chore"
	"vestibule/internal/db"
)

// HeadsFile keeps the signed heads of the audit chain, outside the database, so
// that a tail that was cut off shows.
func (p *Portal) HeadsFile() string { return filepath.Join(p.o.Config.Data, "audit-heads.log") }

// chores is the housekeeping of the whole portal.
func (p *Portal) chores() []chore.Chore {
	return append([]chore.Chore{
		{Name: "audit-head", Every: 24 * time.Hour, Run: p.signHead},
		{Name: "outbox-sweep", Every: time.Hour, Run: p.Outbox.Sweep},
		{Name: "sweep", Every: time.Hour, Run: p.sweep},
	}, p.Services.chores()...)
}

// signHead adds today's head of the audit chain to the file.
func (p *Portal) signHead(ctx context.Context) error {
	line := ""
	if err := p.DB.Read(ctx, func(tx *db.Tx) (err error) {
		line, err = audit.SignHead(tx, p.Ring)
		return err
	}); err != nil || line == "" {
		return err
	}
	if err := folder(p.o.Config.Data); err != nil {
		return err
	}
	f, err := os.OpenFile(p.HeadsFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}
