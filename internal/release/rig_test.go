package release_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"

	"vestibule/internal/blob"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/release"
)

// A rig is a service on a fresh database and folder, with one product that has one publisher key.
type rig struct {
	*release.Service
	t   *testing.T
	env *dbtest.Env
	ctx context.Context
	dir string
	key minisign.PrivateKey
}

var staff = release.Staff{ID: "s1", Name: "Robin Vale"}

func open(t *testing.T, e *dbtest.Env) *rig {
	t.Helper()
	r := &rig{t: t, env: e, ctx: t.Context(), dir: t.TempDir(), key: newKey(t, e)}
	r.Service = r.node(r.dir)
	r.product("meeting", r.key.Public().(minisign.PublicKey).String())
	return r
}

func newKey(t *testing.T, e *dbtest.Env) minisign.PrivateKey {
	t.Helper()
	_, key, err := minisign.GenerateKey(bytes.NewReader(e.Secret.Bytes(1024)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// node is a service as another node has it.
func (r *rig) node(dir string) *release.Service {
	r.t.Helper()
	store, err := blob.Open(r.ctx, blob.Where{URL: dir})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if err := store.Close(); err != nil {
			r.t.Error(err)
		}
	})
	return &release.Service{
		DB: r.env.DB, Secret: r.env.Secret, Store: store, Settings: release.Settings{MaxSize: 64 << 20},
		May: func(_ *db.Tx, id string, _ release.Permission) (bool, error) { return id == staff.ID, nil },
	}
}

func (r *rig) product(id string, keys ...string) {
	r.t.Helper()
	err := r.env.DB.Write(r.ctx, func(tx *db.Tx) error {
		return license.PutProduct(tx, license.Product{ID: id, Name: "Meeting Add-On", Prefix: "NWC", PublisherKeys: keys})
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) sign(content []byte) string {
	in := minisign.NewReader(bytes.NewReader(content))
	if _, err := io.Copy(io.Discard, in); err != nil {
		r.t.Fatal(err)
	}
	return string(in.SignWithComments(r.key, "timestamp:1781600400\tfile:setup.msi\thashed", "signature"))
}

// draft makes a draft of a version.
func (r *rig) draft(version string) release.Release {
	r.t.Helper()
	made, err := r.Make(r.ctx, staff, release.Draft{Product: "meeting", Version: version, Channel: license.Stable, Notes: release.Notes{"en": "# New\n\n- faster"}})
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

// published makes a release with one file and publishes it.
func (r *rig) published(version string, content []byte) release.Release {
	r.t.Helper()
	d := r.draft(version)
	if _, err := r.Add(r.ctx, staff, d.ID, setup(r.sign(content)), bytes.NewReader(content)); err != nil {
		r.t.Fatal(err)
	}
	out, err := r.Publish(r.ctx, staff, d.ID, d.EffectiveAt)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func setup(signature string) release.File {
	return release.File{Kind: "windows-x64-msi", Title: "Windows installer", Name: "setup.msi", Size: release.Unknown, Signature: signature}
}

func (r *rig) read(id string) (out release.Release) {
	r.t.Helper()
	out, err := r.Get(r.ctx, staff, id)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *rig) in(f func(tx *db.Tx) error) {
	r.t.Helper()
	if err := r.env.DB.Read(r.ctx, f); err != nil {
		r.t.Fatal(err)
	}
}

// files are the names of all that lies in the store's folder.
func (r *rig) files() (list []string) {
	r.t.Helper()
	err := filepath.WalkDir(r.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, strings.TrimPrefix(path, r.dir+"/"))
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// largest is the name of the largest file in the store's folder.
func (r *rig) largest() (name string) {
	r.t.Helper()
	var most int64 = -1
	for _, one := range r.files() {
		info, err := os.Stat(filepath.Join(r.dir, one))
		if err != nil {
			r.t.Fatal(err)
		}
		if info.Size() > most {
			name, most = one, info.Size()
		}
	}
	return name
}

func refusedAs(t *testing.T, err error, code string) {
	t.Helper()
	if !fault.Code(err, code) {
		t.Fatalf("the answer is %v, not %s", err, code)
	}
}

// filled is content of a size that repeats nowhere near.
func filled(n int) []byte {
	b := make([]byte, n)
	x := uint64(n) + 1
	for i := range b {
		x = x*6364136223846793005 + 1442695040888963407
		b[i] = byte(x >> 56)
	}
	return b
}
