package release_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/release"
)

func TestAFileGoesOnAfterACutWhereItWas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		content := filled(2*release.PartSize + 77)
		f := setup(r.sign(content))
		f.Size = int64(len(content))
		d := r.draft("1.0")
		u, err := r.Begin(r.ctx, staff, d.ID, f)
		if err != nil {
			t.Fatal(err)
		}
		put := func(n int, b []byte) error {
			_, err := r.PutPart(r.ctx, staff, u.Artifact.ID, n, bytes.NewReader(b))
			return err
		}
		part := func(n int) []byte {
			return content[n*release.PartSize : min(len(content), (n+1)*release.PartSize)]
		}
		refusedAs(t, put(0, part(0)[:100]), "part-size")
		refusedAs(t, put(-1, part(0)), "part-number")
		refusedAs(t, put(1000, part(0)), "part-number")
		refusedAs(t, put(2, append(part(2), 1)), "part-size")
		cut := errors.New("cut")
		_, err = r.PutPart(r.ctx, staff, u.Artifact.ID, 1, io.MultiReader(bytes.NewReader(part(1)[:1000]), iotest.ErrReader(cut)))
		if !errors.Is(err, cut) {
			t.Fatalf("a cut part answers %v", err)
		}
		if err := errors.Join(put(0, part(0)), put(2, part(2)), put(0, part(0))); err != nil {
			t.Fatal(err)
		}
		_, err = r.Finish(r.ctx, staff, u.Artifact.ID)
		refusedAs(t, err, "file-parts-missing")

		again, err := r.Begin(r.ctx, staff, d.ID, f)
		if err != nil || again.Artifact.ID != u.Artifact.ID || len(again.Parts) != 2 || again.Parts[1].Number != 2 {
			t.Fatalf("begun again: %+v, %v", again, err)
		}
		if err := put(1, part(1)); err != nil {
			t.Fatal(err)
		}
		a, err := r.Finish(r.ctx, staff, u.Artifact.ID)
		if err != nil || a.State != release.Verified {
			t.Fatalf("finished: %+v, %v", a, err)
		}
		if a, err = r.Finish(r.ctx, staff, u.Artifact.ID); err != nil || a.State != release.Verified {
			t.Errorf("finished again: %+v, %v", a, err)
		}
		refusedAs(t, put(1, part(1)), "file-verified")
		if err := r.Sweep(r.ctx); err != nil {
			t.Fatal(err)
		}
		e.Clock.Advance(25 * time.Hour) // the refused and the cut part
		if err := r.Sweep(r.ctx); err != nil {
			t.Fatal(err)
		}
		if files := r.files(); len(files) != 1 || !strings.HasPrefix(files[0], "file/") {
			t.Errorf("the store has %v", files)
		}
	})
}

func TestATamperedPartIsFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		content := filled(release.PartSize + 5)
		for code, harm := range map[string]func(name string) error{
			"signature-wrong": func(name string) error {
				f, err := os.OpenFile(name, os.O_RDWR, 0)
				if err != nil {
					return err
				}
				_, err = f.WriteAt([]byte{content[9] ^ 1}, 9)
				return errors.Join(err, f.Close())
			},
			"file-damaged":       func(name string) error { return os.Truncate(name, 3) },
			"file-damaged whole": os.Remove,
		} {
			code, _, _ := strings.Cut(code, " ")
			d := r.draft("1.0")
			u, err := r.Begin(r.ctx, staff, d.ID, setup(r.sign(content)))
			if err != nil {
				t.Fatal(err)
			}
			for n := range 2 {
				if _, err := r.PutPart(r.ctx, staff, u.Artifact.ID, n, bytes.NewReader(content[n*release.PartSize:min(len(content), (n+1)*release.PartSize)])); err != nil {
					t.Fatal(err)
				}
			}
			if err := harm(r.dir + "/" + r.largest()); err != nil {
				t.Fatal(err)
			}
			a, err := r.Finish(r.ctx, staff, u.Artifact.ID)
			if err != nil || a.State != release.Refused || a.Trouble != code {
				t.Fatalf("%s: the file is %+v, %v", code, a, err)
			}
			if err := r.Discard(r.ctx, staff, d.ID); err != nil {
				t.Fatal(err)
			}
			if err := r.Sweep(r.ctx); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Each effect of the store fails before and after it happened; a fresh node goes on, and nothing is left over.
func TestWhereverTheStoreFailsAFreshNodeGoesOn(t *testing.T) {
	content := filled(release.PartSize + 5)
	// Three blobs are written, two are read and deleted.
	for point, times := range map[string]int{"before put": 3, "after put": 3, "before delete": 2, "after delete": 2, "before read": 2} {
		for nth := 1; nth <= times; nth++ {
			dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
				r := open(t, e)
				d := r.draft("1.0")
				f := setup(r.sign(content))
				f.Size = int64(len(content))
				left := nth
				broken := errors.New("broken")
				dying := r.node(r.dir)
				dying.Store.Fault = func(at, _ string) error {
					if at == point {
						left--
					}
					if left <= 0 {
						return broken // and from then on: the node is dead
					}
					return nil
				}
				upload := func(s *release.Service) (release.Artifact, error) {
					u, err := s.Begin(r.ctx, staff, d.ID, f)
					if fault.Code(err, "file-kind-taken") {
						return r.read(d.ID).Artifacts[0], nil // it was whole
					}
					if err != nil {
						return release.Artifact{}, err
					}
					there := map[int]bool{}
					for _, p := range u.Parts {
						there[p.Number] = true
					}
					for n := range 2 {
						if there[n] {
							continue
						}
						if _, err := s.PutPart(r.ctx, staff, u.Artifact.ID, n, bytes.NewReader(content[n*release.PartSize:min(len(content), (n+1)*release.PartSize)])); err != nil {
							return release.Artifact{}, err
						}
					}
					return s.Finish(r.ctx, staff, u.Artifact.ID)
				}
				if _, err := upload(dying); err != nil && !errors.Is(err, broken) {
					t.Fatalf("%s %d: %v", point, nth, err)
				}
				fresh := r.node(r.dir)
				if _, err := upload(fresh); err != nil {
					t.Fatalf("%s %d: %v", point, nth, err)
				}
				e.Clock.Advance(time.Hour)
				if err := fresh.Verify(r.ctx); err != nil {
					t.Fatalf("%s %d: %v", point, nth, err)
				}
				if a := r.read(d.ID).Artifacts[0]; a.State != release.Verified {
					t.Fatalf("%s %d: the file is %+v", point, nth, a)
				}
				e.Clock.Advance(25 * time.Hour)
				if err := fresh.Sweep(r.ctx); err != nil {
					t.Fatal(err)
				}
				if files := r.files(); len(files) != 1 {
					t.Errorf("%s %d: the store has %v", point, nth, files)
				}
			})
		}
	}
}

// A node dies while it joins: its lease runs out, another takes over, and the first finds that it is too late.
func TestAFileThatANodeDiedOverIsVerifiedByAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		content := filled(1000)
		d := r.draft("1.0")
		u, err := r.Begin(r.ctx, staff, d.ID, setup(r.sign(content)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.PutPart(r.ctx, staff, u.Artifact.ID, 0, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		slow := r.node(r.dir)
		fresh := r.node(r.dir)
		slow.Store.Fault = func(at, name string) error {
			if at != "after put" || !strings.HasPrefix(name, "file/") {
				return nil
			}
			if err := fresh.Verify(r.ctx); err != nil { // not yet: the lease holds
				t.Error(err)
			}
			if a := r.read(d.ID).Artifacts[0]; a.State != release.FileChecking {
				t.Errorf("while the lease holds the file is %+v", a)
			}
			e.Clock.Advance(time.Hour)
			return fresh.Verify(r.ctx)
		}
		a, err := slow.Finish(r.ctx, staff, u.Artifact.ID)
		if err != nil || a.State != release.Verified {
			t.Fatalf("the file is %+v, %v", a, err)
		}
		f, err := fresh.Store.Open(r.ctx, a.Blob)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, content) {
			t.Errorf("the file is not there: %v", err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		e.Clock.Advance(25 * time.Hour)
		if err := fresh.Sweep(r.ctx); err != nil {
			t.Fatal(err)
		}
		if files := r.files(); len(files) != 1 || files[0] != a.Blob {
			t.Errorf("the store has %v", files)
		}
	})
}

// A release that was asked to be published while a file was verified is out as soon as it is, or a draft again.
func TestAReleaseWaitsForItsFiles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		content := filled(1000)
		for version, right := range map[string]bool{"1.0": true, "1.1": false} {
			signature := r.sign(content)
			if !right {
				signature = r.sign(content[1:])
			}
			d := r.draft(version)
			u, err := r.Begin(r.ctx, staff, d.ID, setup(signature))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.PutPart(r.ctx, staff, u.Artifact.ID, 0, bytes.NewReader(content)); err != nil {
				t.Fatal(err)
			}
			dying := r.node(r.dir)
			dying.Store.Fault = func(at, name string) error {
				if at == "before put" && strings.HasPrefix(name, "file/") {
					return errors.New("broken")
				}
				return nil
			}
			if _, err := dying.Finish(r.ctx, staff, u.Artifact.ID); err == nil {
				t.Fatal("a dead node finished")
			}
			got, err := r.Publish(r.ctx, staff, d.ID, time.Time{})
			if err != nil || got.State != release.Verifying {
				t.Fatalf("published: %+v, %v", got, err)
			}
			refusedAs(t, r.Remove(r.ctx, staff, u.Artifact.ID), "release-verifying")
			e.Clock.Advance(time.Hour)
			if err := r.Verify(r.ctx); err != nil {
				t.Fatal(err)
			}
			want := release.Published
			if !right {
				want = release.Drafted
			}
			if got = r.read(d.ID); got.State != want || right && !got.EffectiveAt.Equal(e.Clock.Now()) {
				t.Errorf("it is %+v", got)
			}
		}
	})
}

func TestAFileThatNeverArrivesIsForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		d := r.draft("1.0")
		u, err := r.Begin(r.ctx, staff, d.ID, setup(""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.PutPart(r.ctx, staff, u.Artifact.ID, 0, bytes.NewReader(filled(100))); err != nil {
			t.Fatal(err)
		}
		e.Clock.Advance(6 * 24 * time.Hour)
		if err := r.Sweep(r.ctx); err != nil || len(r.read(d.ID).Artifacts) != 1 {
			t.Fatalf("forgotten too early: %v", err)
		}
		e.Clock.Advance(25 * time.Hour)
		if err := r.Sweep(r.ctx); err != nil || len(r.read(d.ID).Artifacts) != 0 || len(r.files()) != 0 {
			t.Errorf("not forgotten: %v, %v", err, r.files())
		}
	})
}

// asvs: V5.2.1
func TestAFileLargerThanTheLimitIsRefusedBeforeItIsTaken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		r.Settings.MaxSize = release.PartSize
		d := r.draft("1.0")
		f := setup("")
		f.Size = release.PartSize + 1
		_, err := r.Begin(r.ctx, staff, d.ID, f)
		refusedAs(t, err, "file-large")
		_, err = r.Add(r.ctx, staff, d.ID, setup(""), io.LimitReader(endless{}, release.PartSize+1))
		refusedAs(t, err, "file-large")
		_, err = r.Add(r.ctx, staff, d.ID, setup(""), strings.NewReader(""))
		refusedAs(t, err, "file-empty")
		if got := r.read(d.ID); len(got.Artifacts) != 0 {
			t.Errorf("left over: %+v", got.Artifacts)
		}
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

// More than 64 MiB go through in memory that does not grow with them; the disk holds no more than twice their size.
func TestMemoryIsFlatWhateverTheSize(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		const size = 72 << 20 // so that the lease is renewed meanwhile
		r.Settings = release.DefaultSettings()
		d := r.draft("1.0")
		f := setup("")
		f.Size = size
		var before, most runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var largest int64
		r.Store.Fault = func(at, _ string) error {
			runtime.ReadMemStats(&most)
			largest = max(largest, int64(most.HeapAlloc)-int64(before.HeapAlloc))
			return nil
		}
		a, err := r.Add(r.ctx, staff, d.ID, f, io.LimitReader(endless{}, size))
		if err != nil || a.Trouble != "signature-missing" {
			t.Fatalf("the file is %+v, %v", a, err)
		}
		runtime.ReadMemStats(&most)
		t.Logf("heap at most %.1f MiB more, %.1f MiB allocated in all", float64(largest)/(1<<20), float64(most.TotalAlloc-before.TotalAlloc)/(1<<20))
		if most.TotalAlloc-before.TotalAlloc > 32<<20 || largest > 16<<20 {
			t.Errorf("%d bytes of heap more at one time, %d allocated", largest, most.TotalAlloc-before.TotalAlloc)
		}
		r.in(func(tx *db.Tx) error {
			_, _, err := release.ArtifactByID(tx, a.ID)
			return err
		})
	})
}
