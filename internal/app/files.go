package app

import (
	"context"
	"fmt"

	"vestibule/internal/blob"
	"vestibule/internal/db"
	"vestibule/internal/release"
	"vestibule/internal/staff"
)

// OpenFiles opens the store of the releases' files as it is configured.
func OpenFiles(ctx context.Context, o Options) (*blob.Store, error) {
	f := o.Config.Files
	if o.Look && !blob.IsBucket(f.URL) && missing(f.URL) {
		return nil, nil // a command that only looks makes none
	}
	s, err := blob.Open(ctx, blob.Where{URL: f.URL, Key: f.Key, Secret: f.Secret})
	if err != nil {
		return nil, fmt.Errorf("the store of files (blob.url): %w", err)
	}
	return s, nil
}

// releases makes what staff do with releases.
func (p *Portal) releases() *release.Service {
	return &release.Service{
		DB: p.DB, Secret: p.o.Secret, Store: p.Store, Settings: release.Settings{MaxSize: int64(p.o.Config.Files.MaxSize) << 20},
		May: func(tx *db.Tx, id string, permission release.Permission) (bool, error) {
			return staff.Allowed(tx, id, staff.Permission(permission))
		},
		Withdrawn: p.Services.Download.Withdrawn,
	}
}
