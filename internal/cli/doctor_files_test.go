package cli

import (
	"os"
	"path/filepath"
	"testing"

	"vestibule/internal/config"
)

func TestTheDoctorLooksAtTheStoreOfFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	private := filepath.Join(dir, "private")
	if err := os.Mkdir(private, 0o700); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]struct {
		offline, bad, note bool
	}{
		private:                       {},
		filepath.Join(dir, "missing"): {note: true},
		filepath.Join(file, "below"):  {bad: true},
		"s3://releases?region=eu-central-1&endpoint=http://127.0.0.1:1":                          {offline: true},
		"s3://releases?region=eu-central-1&endpoint=http://127.0.0.1:1&rate_limiter_capacity=10": {bad: true},
		"s3://releases?nonsense=1": {bad: true},
	} {
		cfg := &config.Config{Files: config.Files{URL: url, Key: "key", Secret: "secret"}}
		if f := files(t.Context(), cfg, want.offline); f.bad != want.bad || f.note != want.note || f.said == "" || f.bad && f.next == "" {
			t.Errorf("%s: %+v", url, f)
		}
	}
}
