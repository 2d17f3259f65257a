package fetch_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"vestibule/internal/blob"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/download"
	"vestibule/internal/download/downloadtest"
	"vestibule/internal/license"
	"vestibule/internal/release"
)

// What lies in a bucket is served in the same way as what lies in a folder, and not by a redirect to it.
func TestAFileOfABucketIsServedAlike(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("releases"); err != nil {
		t.Fatal(err)
	}
	s3 := httptest.NewServer(gofakes3.New(backend, gofakes3.WithAutoBucket(false)).Server())
	t.Cleanup(s3.Close)
	e := dbtest.SQLite(t)
	later(e)
	r := serve(t, downloadtest.NewIn(t, e, blob.Where{
		URL: "s3://releases?region=eu-central-1&s3ForcePathStyle=true&endpoint=" + s3.URL, Key: "key", Secret: "secret",
	}))
	const size = 9 << 20 // more than one stretch
	one := r.Publish("1.0.0", license.Stable, time.Time{}, release.File{Kind: "image", Name: "appliance.img", Size: size})
	want := r.Content("appliance.img", size)
	path := r.link(one)
	if got := r.want(r.ask("GET", path), http.StatusOK); !bytes.Equal(got.body, want) {
		t.Error("other bytes")
	}
	r.Clock.Advance(time.Second)
	if got := r.want(r.ask("GET", path, "Range", "bytes=4194000-4195000"), http.StatusPartialContent); !bytes.Equal(got.body, want[4194000:4195001]) {
		t.Error("another range")
	}
	if list := r.transfers(); len(list) != 2 || list[1].State != download.Completed || list[1].Sent != size || list[0].Sent != 1001 {
		t.Errorf("%+v", list)
	}
	s3.Close()
	if got := r.ask("GET", path); got.StatusCode == http.StatusOK && got.cut == nil {
		t.Errorf("a store that is away: %s", got.Status)
	}
}
