package fetch_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"vestibule/internal/db/dbtest"
	"vestibule/internal/download/downloadtest"
	"vestibule/internal/license"
	"vestibule/internal/release"
)

// allocated is how much memory f asks for, in bytes.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// take downloads and throws away.
func take(t testing.TB, address string, headers ...string) (n int64) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	got, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if n, err = io.Copy(io.Discard, got.Body); err != nil || got.StatusCode >= 300 {
		t.Fatal(got.Status, n, err)
	}
	return n
}

const large = 64 << 20

// A file of 64 MiB leaves through a few buffers: client and server together ask for less than a sixteenth of it.
func TestALargeFileIsNotKeptInMemory(t *testing.T) {
	e := dbtest.SQLite(t)
	later(e)
	r := serve(t, downloadtest.New(t, e))
	one := r.Publish("1.0.0", license.Stable, time.Time{}, release.File{Kind: "image", Name: "appliance.img", Size: large})
	path := r.server.URL + r.link(one)
	for name, c := range map[string]struct {
		ranges string
		bytes  int64
	}{"whole": {"bytes=0-", large}, "several": {"bytes=0-33554431,33554432-", large}} {
		if n := allocated(func() {
			if got := take(t, path, "Range", c.ranges); got < c.bytes {
				t.Errorf("%s: %d bytes", name, got)
			}
		}); n > large/16 {
			t.Errorf("%s: %d bytes of memory", name, n)
		}
	}
}

// The floor is ServeContent on the same file.
func BenchmarkDownload(b *testing.B) {
	e := dbtest.SQLite(b)
	later(e)
	r := serve(b, downloadtest.New(b, e))
	one := r.Publish("1.0.0", license.Stable, time.Time{}, release.File{Kind: "image", Name: "appliance.img", Size: large})
	path := r.server.URL + r.link(one)
	b.Run("portal", func(b *testing.B) {
		b.SetBytes(large)
		for b.Loop() {
			take(b, path)
		}
	})
	name := filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(name, r.Content("appliance.img", large), 0o600); err != nil {
		b.Fatal(err)
	}
	floor := floorOf(b, name)
	b.Run("floor", func(b *testing.B) {
		b.SetBytes(large)
		for b.Loop() {
			take(b, floor)
		}
	})
}

// floorOf serves a file as the least program would.
func floorOf(b *testing.B, name string) (address string) {
	b.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		f, err := os.Open(name)
		if err != nil {
			b.Error(err)
			return
		}
		defer f.Close()
		http.ServeContent(w, q, "", time.Time{}, f)
	}))
	b.Cleanup(s.Close)
	return s.URL
}
