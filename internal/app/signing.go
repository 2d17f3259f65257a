package app

import (
	"context"

	"vestibule/internal/db"
)

// signingKeys makes the keys by which files are signed, on first start. A
// command that only looks makes none.
func (p *Portal) signingKeys(ctx context.Context) error {
	if p.o.Look {
		return nil
	}
	ready := false
	if err := p.DB.Read(ctx, func(tx *db.Tx) (err error) {
		ready, err = p.Signing.Ready(tx)
		return err
	}); err != nil || ready {
		return err
	}
	return p.DB.Write(ctx, p.Signing.Ensure)
}
