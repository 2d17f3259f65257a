package release_test

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/release"
)

// A node dies before or after each commit on the way from a draft to a published release. A fresh one is told to do the same, and
// comes to the same end; nothing is left over in the store.
func TestWhereverANodeDiesAFreshOneGoesOn(t *testing.T) {
	for _, point := range []string{"before", "after"} {
		for nth, died := 1, true; died; nth += every() {
			died = false
			dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
				r := open(t, e)
				if r.dies(point, nth) {
					died = true
				}
				e.Clock.Advance(time.Hour)
				fresh := r.node(r.dir)
				if err := r.script(fresh); err != nil {
					t.Fatalf("%s commit %d: %v", point, nth, err)
				}
				r.over(fresh, point, nth)
			})
		}
	}
}

// every is how many commits are gone through at a time.
func every() int {
	if testing.Short() {
		return 3
	}
	return 1
}

// dies lets a node do it that dies at the nth commit, and reports whether it came to that.
func (r *rig) dies(point string, nth int) (died bool) {
	r.t.Helper()
	left := nth
	d, err := db.Open(r.ctx, db.Options{URL: r.env.URL, Now: r.env.Clock.Now, Crash: func(at string) {
		if at == point {
			left--
		}
		if left == 0 {
			died = true
			runtime.Goexit()
		}
	}})
	if err != nil {
		r.t.Fatal(err)
	}
	dying := r.node(r.dir)
	dying.DB = d
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.script(dying); err != nil {
			r.t.Error(err)
		}
	}()
	<-done
	if err := d.Close(); err != nil {
		r.t.Error(err)
	}
	return died
}

// script brings one file and publishes it, and takes for done what is.
func (r *rig) script(s *release.Service) error {
	content := filled(1000)
	d, err := s.Make(r.ctx, staff, release.Draft{Product: "meeting", Version: "1.0", Channel: license.Stable})
	if fault.Code(err, "version-exists") {
		err = r.env.DB.Read(r.ctx, func(tx *db.Tx) (err error) {
			d, err = release.ByVersion(tx, "meeting", "1.0")
			return err
		})
	}
	if err != nil {
		return err
	}
	if len(d.Artifacts) == 0 || d.Artifacts[0].State == release.Uploading {
		f := setup(r.sign(content))
		f.Size = int64(len(content))
		u, err := s.Begin(r.ctx, staff, d.ID, f)
		if err != nil {
			return err
		}
		if len(u.Parts) == 0 {
			if _, err := s.PutPart(r.ctx, staff, u.Artifact.ID, 0, bytes.NewReader(content)); err != nil {
				return err
			}
		}
		d.Artifacts = []release.Artifact{u.Artifact}
	}
	if _, err := s.Finish(r.ctx, staff, d.Artifacts[0].ID); err != nil {
		return err
	}
	if _, err := s.Publish(r.ctx, staff, d.ID, time.Time{}); err != nil && !fault.Code(err, "release-published") && !fault.Code(err, "release-verifying") {
		return err
	}
	return s.Verify(r.ctx)
}

// over looks at the end.
func (r *rig) over(s *release.Service, point string, nth int) {
	r.t.Helper()
	var got release.Release
	r.in(func(tx *db.Tx) (err error) {
		got, err = release.ByVersion(tx, "meeting", "1.0")
		return err
	})
	if got.State != release.Published || got.Artifacts[0].State != release.Verified {
		r.t.Fatalf("%s commit %d: it is %+v", point, nth, got)
	}
	r.env.Clock.Advance(25 * time.Hour)
	if err := s.Sweep(r.ctx); err != nil {
		r.t.Fatal(err)
	}
	if files := r.files(); len(files) != 1 || files[0] != got.Artifacts[0].Blob {
		r.t.Errorf("%s commit %d: the store has %v", point, nth, files)
	}
}
