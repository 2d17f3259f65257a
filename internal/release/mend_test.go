package release_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/release"
)

func TestAReleaseWhosePublisherKeyIsTakenAwayBeforeItsDateDoesNotComeOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		content := filled(10)
		d := r.draft("4.2.0")
		if _, err := r.Add(r.ctx, staff, d.ID, setup(r.sign(content)), bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		day := e.Clock.Now().Add(48 * time.Hour)
		if _, err := r.Publish(r.ctx, staff, d.ID, day); err != nil {
			t.Fatal(err)
		}
		if err := r.Verify(r.ctx); err != nil || r.read(d.ID).State != release.Published {
			t.Fatalf("a good release does not stay planned: %+v, %v", r.read(d.ID), err)
		}
		r.product("meeting")
		if err := r.Verify(r.ctx); err != nil {
			t.Fatal(err)
		}
		if got := r.read(d.ID); got.State != release.Drafted || got.Artifacts[0].State != release.Refused || got.Artifacts[0].Trouble == "" {
			t.Errorf("it is %+v", got)
		}
		if err := r.Verify(r.ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestACutPlainUploadLeavesWhatAnotherHasBegun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		d := r.draft("4.2.0")
		content := filled(release.PartSize + 10)
		f := setup(r.sign(content))
		f.Size = int64(len(content))
		u, err := r.Begin(r.ctx, staff, d.ID, f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.PutPart(r.ctx, staff, u.Artifact.ID, 0, bytes.NewReader(content[:release.PartSize])); err != nil {
			t.Fatal(err)
		}
		cut := errors.New("the client is gone")
		if _, err := r.Add(r.ctx, staff, d.ID, f, io.MultiReader(bytes.NewReader(content[:100]), iotest.ErrReader(cut))); err == nil {
			t.Fatal("a cut upload is taken for whole")
		}
		again, err := r.Upload(r.ctx, staff, u.Artifact.ID)
		if err != nil || len(again.Parts) != 1 {
			t.Fatalf("what was begun before is gone: %+v, %v", again, err)
		}
		if _, err := r.PutPart(r.ctx, staff, u.Artifact.ID, 1, bytes.NewReader(content[release.PartSize:])); err != nil {
			t.Fatal(err)
		}
		if a, err := r.Finish(r.ctx, staff, u.Artifact.ID); err != nil || a.State != release.Verified {
			t.Errorf("%+v, %v", a, err)
		}
	})
}

func TestReleasesOfOneInstantAreAllTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		for _, v := range []string{"1.0", "2.0", "3.0"} {
			r.published(v, filled(10))
		}
		seen := map[string]bool{}
		var from time.Time
		for last, n := "", 1; n > 0; {
			r.in(func(tx *db.Tx) error {
				list, err := release.Effective(tx, from, last, 1)
				if n = len(list); n > 0 {
					from, last = list[0].EffectiveAt, list[0].ID
					seen[last] = true
				}
				return err
			})
		}
		if len(seen) != 3 {
			t.Errorf("told of %d", len(seen))
		}
	})
}
