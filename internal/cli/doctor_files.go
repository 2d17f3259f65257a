package cli

import (
	"context"
	"os"

	"vestibule/internal/app"
	"vestibule/internal/blob"
	"vestibule/internal/config"
)

// files says whether the store of the releases' files can be used. A bucket is asked, unless nothing outside is to be.
func files(ctx context.Context, cfg *config.Config, offline bool) finding {
	f := finding{what: "files", said: "lie in " + cfg.Files.URL}
	if !blob.IsBucket(cfg.Files.URL) {
		info, err := os.Stat(cfg.Files.URL)
		switch {
		case os.IsNotExist(err):
			return finding{what: "files", note: true, said: cfg.Files.URL + " is not there yet", next: "The first start makes it."}
		case err != nil:
			return finding{what: "files", bad: true, said: err.Error(), next: "Correct blob.url, or give the portal's user the folder."}
		case info.Mode().Perm()&0o077 != 0:
			return finding{what: "files", note: true, said: "others on this machine see into " + cfg.Files.URL, next: "chmod 700 " + cfg.Files.URL}
		}
		return f
	}
	if offline {
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	bad := func(err error) finding {
		return finding{what: "files", bad: true, said: err.Error(), next: "Correct blob.url, blob.key and blob.secret, or start the store."}
	}
	s, err := app.OpenFiles(ctx, app.Options{Config: cfg, Look: true})
	if err != nil {
		return bad(err)
	}
	err = s.Check(ctx)
	_ = s.Close() // it was only looked at
	if err != nil {
		return bad(err)
	}
	f.said = "the bucket answers"
	return f
}
