package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"vestibule/internal/blob"
	"vestibule/internal/fault"
)

// each runs a scenario on a folder and on a small server that speaks S3, over HTTP.
func each(t *testing.T, scenario func(t *testing.T, s *blob.Store)) {
	t.Run("folder", func(t *testing.T) { scenario(t, opened(t, blob.Where{URL: filepath.Join(t.TempDir(), "files")})) })
	t.Run("bucket", func(t *testing.T) { scenario(t, opened(t, bucket(t, "releases"))) })
}

func bucket(t *testing.T, name string) blob.Where {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("releases"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithAutoBucket(false)).Server())
	t.Cleanup(server.Close)
	return blob.Where{
		URL: "s3://" + name + "?region=eu-central-1&s3ForcePathStyle=true&endpoint=" + server.URL, Key: "key", Secret: "secret",
	}
}

func opened(t *testing.T, w blob.Where) *blob.Store {
	t.Helper()
	s, err := blob.Open(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>8) ^ byte(i)
	}
	return b
}

func TestWhatIsPutIsThereWholeAndAnywhere(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		ctx, want := t.Context(), content(11<<20) // several parts of a bucket
		if n, err := s.Put(ctx, "file/a1", bytes.NewReader(want)); err != nil || n != int64(len(want)) {
			t.Fatalf("put: %d, %v", n, err)
		}
		if n, err := s.Size(ctx, "file/a1"); err != nil || n != int64(len(want)) {
			t.Fatalf("size: %d, %v", n, err)
		}
		part, err := s.Range(ctx, "file/a1", 5_000_000, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(part); err != nil || !bytes.Equal(got, want[5_000_000:5_001_000]) {
			t.Errorf("a range: %d bytes, %v", len(got), err)
		}
		f, err := s.Open(ctx, "file/a1")
		if err != nil {
			t.Fatal(err)
		}
		if _, local := f.(*os.File); local != s.Local() {
			t.Error("a file of a folder is not the system's own")
		}
		got, err := io.ReadAll(f)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("read: %d bytes, %v", len(got), err)
		}
		for _, place := range []struct {
			offset int64
			whence int
			at     int64
		}{{100, io.SeekStart, 100}, {50, io.SeekCurrent, 160}, {-10, io.SeekEnd, int64(len(want)) - 10}, {0, io.SeekStart, 0}} {
			at, err := f.Seek(place.offset, place.whence)
			few := make([]byte, 10)
			if _, readErr := io.ReadFull(f, few); err != nil || readErr != nil || at != place.at || !bytes.Equal(few, want[at:at+10]) {
				t.Errorf("at %d of %+v: %x, %v, %v", at, place, few, err, readErr)
			}
		}
		if _, err := f.Seek(-1, io.SeekStart); err == nil {
			t.Error("there is a place before the first byte")
		}
		if err := errors.Join(part.Close(), f.Close(), s.Check(ctx)); err != nil {
			t.Error(err)
		}
		if _, err := f.Read(make([]byte, 1)); err == nil {
			t.Error("what is closed is read")
		}
	})
}

func TestWhatWasCutIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		cut := errors.New("cut")
		for _, size := range []int{0, 1000, 7 << 20} {
			_, err := s.Put(t.Context(), "part/x/1", io.MultiReader(bytes.NewReader(content(size)), iotest.ErrReader(cut)))
			if !errors.Is(err, cut) {
				t.Errorf("cut after %d: %v", size, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Put(ctx, "part/x/1", bytes.NewReader(content(1000))); err == nil {
			t.Error("put although nobody waits for it")
		}
		if _, err := s.Open(t.Context(), "part/x/1"); !fault.Is(err, fault.NotFound) {
			t.Errorf("what was cut is there: %v", err)
		}
		if err := s.List(t.Context(), "", func(name string, _ int64) error { return errors.New(name) }); err != nil {
			t.Errorf("listed: %v", err)
		}
	})
}

func TestBlobsAreListedAndDeleted(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		ctx := t.Context()
		for _, name := range []string{"file/b", "part/a/1", "file/a"} {
			if _, err := s.Put(ctx, name, strings.NewReader(name)); err != nil {
				t.Fatal(err)
			}
		}
		list := func() (all string) {
			if err := s.List(ctx, "file/", func(name string, size int64) error {
				all += name + " "
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return all
		}
		if got := list(); got != "file/a file/b " {
			t.Errorf("listed: %s", got)
		}
		for range 2 { // what is not there is no error
			if err := s.Delete(ctx, "file/a"); err != nil {
				t.Fatal(err)
			}
		}
		if got := list(); got != "file/b " {
			t.Errorf("listed: %s", got)
		}
		for _, err := range []error{
			second(s.Open(ctx, "file/a")), second(s.Range(ctx, "file/a", 0, 1)), second(s.Size(ctx, "file/a")),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("what is gone answers %v", err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

// asvs: V5.3.2
func TestANameThatIsNotOfOurMakingIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		for _, name := range []string{"", "..", "../x", "/etc/passwd", "a//b", "a/", "a/../b", `a\b`, "a b", "a\x00", "ä", ".tmp", "a.tmp"} {
			for _, err := range []error{
				second(s.Put(t.Context(), name, strings.NewReader("x"))), second(s.Open(t.Context(), name)), second(s.Size(t.Context(), name)),
				second(s.Range(t.Context(), name, 0, 1)), s.Delete(t.Context(), name),
			} {
				if err == nil || fault.Is(err, fault.NotFound) {
					t.Errorf("%q answers %v", name, err)
				}
			}
		}
	})
}

func TestAStoreThatIsAwayIsUnavailable(t *testing.T) {
	s := opened(t, bucket(t, "elsewhere"))
	if err := s.Check(t.Context()); err == nil {
		t.Error("a bucket that is not there is fine")
	}
	for _, place := range []string{"s3://", "s3://bucket?nonsense=1", "s3://%"} {
		if _, err := blob.Open(t.Context(), blob.Where{URL: place}); err == nil {
			t.Errorf("%s opens", place)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.Open(t.Context(), blob.Where{URL: file}); err == nil {
		t.Error("a file is taken for a folder")
	}
}

func TestFaultsAreMetOnBothSidesOfAnEffect(t *testing.T) {
	each(t, func(t *testing.T, s *blob.Store) {
		broken := errors.New("broken")
		there := func() bool { _, err := s.Size(t.Context(), "file/a"); return err == nil }
		for _, point := range []string{"before put", "after put", "before delete", "after delete"} {
			s.Fault = func(at, _ string) error {
				if at == point {
					return broken
				}
				return nil
			}
			var err error
			if strings.HasSuffix(point, "put") {
				_, err = s.Put(t.Context(), "file/a", strings.NewReader("x"))
			} else {
				err = s.Delete(t.Context(), "file/a")
			}
			if !errors.Is(err, broken) || there() != (point == "after put" || point == "before delete") {
				t.Errorf("%s: %v, there %v", point, err, there())
			}
		}
	})
}

func TestWhatCutWritingsLeftIsTidiedAway(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, blob.Where{URL: dir})
	if _, err := s.Put(t.Context(), "file/a", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, "file", "b.18a.tmp")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(left)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tidy(info.ModTime().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err != nil {
		t.Error("what is being written was taken away")
	}
	if err := s.Tidy(info.ModTime().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what was left is still there")
	}
	if _, err := s.Size(t.Context(), "file/a"); err != nil {
		t.Error("a blob was tidied away")
	}
}
