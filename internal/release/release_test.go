package release_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule/internal/audit"
	"vestibule/internal/db"
	"vestibule/internal/db/dbtest"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/release"
)

func TestAReleaseIsDraftedFilledVerifiedPublishedAndWithdrawn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		content := filled(release.PartSize + 1000)
		d := r.draft("4.2.0")
		if d.State != release.Drafted || len(d.Missing()) != 1 {
			t.Fatalf("a new draft is %+v", d)
		}
		_, err := r.Publish(r.ctx, staff, d.ID, time.Time{})
		refusedAs(t, err, "release-empty")

		a, err := r.Add(r.ctx, staff, d.ID, setup(r.sign(content)), bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		small, large := sha256.Sum256(content), sha512.Sum512(content)
		if a.State != release.Verified || a.SHA256 != hex.EncodeToString(small[:]) || a.SHA512 != hex.EncodeToString(large[:]) || a.Size != int64(len(content)) {
			t.Fatalf("the file is %+v", a)
		}
		if a.SignedBy != release.PublisherKeyID(publicKey(t, r)) || !strings.Contains(a.Comment, "file:setup.msi") || a.Platform != "windows" || a.Arch != "x64" {
			t.Errorf("the file is %+v", a)
		}
		out, err := r.Publish(r.ctx, staff, d.ID, time.Time{})
		if err != nil || out.State != release.Published || !out.EffectiveAt.Equal(e.Clock.Now()) {
			t.Fatalf("published: %+v, %v", out, err)
		}
		_, err = r.Publish(r.ctx, staff, d.ID, time.Time{})
		refusedAs(t, err, "release-published")
		_, err = r.Edit(r.ctx, staff, d.ID, out.EditedAt, release.Draft{Product: "meeting", Version: "4.2.0", Channel: license.Stable})
		refusedAs(t, err, "release-published")
		refusedAs(t, r.Remove(r.ctx, staff, a.ID), "release-published")

		r.in(func(tx *db.Tx) error {
			list, err := release.PublishedWith(tx, "meeting", license.Stable, "windows-x64-msi")
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			got, rel, err := release.ArtifactByID(tx, list[0].Artifacts[0].ID)
			if err != nil {
				return err
			}
			if rel.ID != d.ID || got.Blob == "" {
				t.Errorf("the latest is %+v of %+v", got, rel)
			}
			f, err := r.Store.Open(r.ctx, got.Blob)
			if err != nil {
				return err
			}
			if kept, err := io.ReadAll(f); err != nil || !bytes.Equal(kept, content) {
				t.Error("the store has other bytes than came")
			}
			if _, local := f.(*os.File); !local {
				t.Error("a file of a folder is not the system's own")
			}
			if list, err := audit.History(tx, "release:"+d.ID, 20); err != nil || len(list) != 4 {
				t.Errorf("%d events, %v", len(list), err)
			}
			return f.Close()
		})
		if files := r.files(); len(files) != 1 {
			t.Errorf("the store has %v", files)
		}

		_, err = r.Withdraw(r.ctx, staff, d.ID, " ")
		refusedAs(t, err, "reason-needed")
		out, err = r.Withdraw(r.ctx, staff, d.ID, "It forgets meetings.")
		if err != nil || out.State != release.Withdrawn || out.Reason == "" {
			t.Fatalf("withdrawn: %+v, %v", out, err)
		}
		r.in(func(tx *db.Tx) error {
			list, err := release.PublishedWith(tx, "meeting", license.Stable, "windows-x64-msi")
			if len(list) != 0 {
				t.Errorf("a withdrawn release can still be had: %v", list)
			}
			return err
		})
		_, err = r.Make(r.ctx, staff, release.Draft{Product: "meeting", Version: "v4.2", Channel: license.Stable})
		refusedAs(t, err, "version-exists")
	})
}

func publicKey(t *testing.T, r *rig) (key string) {
	t.Helper()
	r.in(func(tx *db.Tx) error {
		p, err := license.ProductByID(tx, "meeting")
		key = p.PublisherKeys[0]
		return err
	})
	return key
}

func TestAFileWithoutTheRightSignatureIsRefusedUntilItHasOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		content := filled(5000)
		good := r.sign(content)
		other := *r
		other.key = newKey(t, e)
		d := r.draft("1.0")
		for code, signature := range map[string]string{
			"signature-missing":         "",
			"signature-wrong":           r.sign(filled(5001)),
			"signature-key-unknown":     other.sign(content),
			"signature-comment-wrong":   strings.Replace(good, "file:setup.msi", "file:other.msi", 1),
			"signature-legacy":          strings.Replace(good, "\nRU", "\nRW", 1),
			"signature-malformed":       "untrusted comment: x\nRUTx\ntrusted comment: y\nzzz",
			"signature-malformed again": strings.Repeat("A", 5000),
		} {
			code, _, again := strings.Cut(code, " ")
			a, err := r.Add(r.ctx, staff, d.ID, setup(signature), bytes.NewReader(content))
			if code == "signature-malformed" {
				refusedAs(t, err, code)
				continue
			}
			if err != nil || again || a.State != release.Refused || a.Trouble != code {
				t.Fatalf("%s: the file is %+v, %v", code, a, err)
			}
			if code == "signature-key-unknown" && (a.TroubleArgs["signed"] == "" || a.TroubleArgs["keys"] == "") {
				t.Errorf("the refusal names no keys: %v", a.TroubleArgs)
			}
			_, err = r.Publish(r.ctx, staff, d.ID, time.Time{})
			refusedAs(t, err, "release-files-refused")
			if code != "signature-missing" {
				_, err = r.Sign(r.ctx, staff, a.ID, signature)
				refusedAs(t, err, code)
			}
			a, err = r.Sign(r.ctx, staff, a.ID, good)
			if err != nil || a.State != release.Verified || a.Trouble != "" {
				t.Fatalf("signed later: %+v, %v", a, err)
			}
			if err := r.Remove(r.ctx, staff, a.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAKeyThatWasTakenAwayPublishesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		content := filled(100)
		d := r.draft("1.0")
		if _, err := r.Add(r.ctx, staff, d.ID, setup(r.sign(content)), bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		r.product("meeting")
		_, err := r.Publish(r.ctx, staff, d.ID, time.Time{})
		refusedAs(t, err, "release-files-refused")
		got := r.read(d.ID)
		if got.State != release.Drafted || got.Artifacts[0].State != release.Refused || got.Artifacts[0].Trouble != "publisher-key-missing" {
			t.Errorf("it is remembered as %+v", got)
		}
	})
}

// The real minisign signs, by a key of its own making.
func TestWhatMinisignSignsIsVerified(t *testing.T) {
	dbtest.Needs(t, "minisign")
	r := open(t, dbtest.SQLite(t))
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		c := exec.Command("minisign", args...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("minisign %v: %v: %s", args, err, out)
		}
	}
	run("-G", "-W", "-p", "vendor.pub", "-s", "vendor.key")
	content := filled(300_000)
	if err := os.WriteFile(filepath.Join(dir, "setup.msi"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	r.product("meeting", strings.Split(read("vendor.pub"), "\n")[1])
	d := r.draft("1.0")
	run("-S", "-l", "-s", "vendor.key", "-m", "setup.msi")
	a, err := r.Add(r.ctx, staff, d.ID, setup(read("setup.msi.minisig")), bytes.NewReader(content))
	if err != nil || a.Trouble != "signature-legacy" {
		t.Fatalf("made in the old way: %+v, %v", a, err)
	}
	run("-S", "-s", "vendor.key", "-m", "setup.msi", "-t", "Meeting Add-On 1.0")
	a, err = r.Sign(r.ctx, staff, a.ID, read("setup.msi.minisig"))
	if err != nil || a.State != release.Verified || a.Comment != "Meeting Add-On 1.0" || !strings.Contains(read("vendor.pub"), a.SignedBy) {
		t.Fatalf("made in the new way: %+v, %v", a, err)
	}
}

func TestAReleaseOfAnotherDayIsNotOutBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		content := filled(100)
		d := r.draft("2.0")
		if _, err := r.Add(r.ctx, staff, d.ID, setup(r.sign(content)), bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		day := e.Clock.Now().Add(48 * time.Hour)
		got, err := r.Publish(r.ctx, staff, d.ID, day)
		if err != nil || !got.Scheduled(e.Clock.Now()) || got.Out(e.Clock.Now()) || !got.Out(day) {
			t.Fatalf("scheduled: %+v, %v", got, err)
		}
		count := func() (n int) {
			r.in(func(tx *db.Tx) error {
				list, err := release.PublishedIn(tx, "meeting", "")
				n = len(list)
				return err
			})
			return n
		}
		if count() != 0 {
			t.Error("it is out before its date")
		}
		_, err = r.Reschedule(r.ctx, staff, d.ID, day.Add(time.Hour), day)
		refusedAs(t, err, "changed")
		if got, err = r.Recall(r.ctx, staff, d.ID); err != nil || got.State != release.Drafted || !r.read(d.ID).EffectiveAt.IsZero() {
			t.Fatalf("recalled: %+v, %v", got, err)
		}
		if _, err = r.Publish(r.ctx, staff, d.ID, day); err != nil {
			t.Fatal(err)
		}
		if got, err = r.Reschedule(r.ctx, staff, d.ID, day, day.Add(-24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		e.Clock.Set(got.EffectiveAt)
		if count() != 1 {
			t.Error("it is not out on its date")
		}
		r.in(func(tx *db.Tx) error {
			list, err := release.Effective(tx, got.EffectiveAt.Add(-time.Second), "", 10)
			if len(list) != 1 {
				t.Errorf("became effective: %v", list)
			}
			if list, _ := release.Effective(tx, got.EffectiveAt, got.ID, 10); len(list) != 0 {
				t.Errorf("became effective twice: %v", list)
			}
			return err
		})
		_, err = r.Reschedule(r.ctx, staff, d.ID, got.EffectiveAt, day)
		refusedAs(t, err, "release-published")
		_, err = r.Recall(r.ctx, staff, d.ID)
		refusedAs(t, err, "release-published")
	})
}

func TestOfManyWhoPublishAtOnceOneDoes(t *testing.T) {
	dbtest.Two(t, func(t *testing.T, a, b *dbtest.Env) {
		r := open(t, a)
		content := filled(100)
		d := r.draft("2.0")
		if _, err := r.Add(r.ctx, staff, d.ID, setup(r.sign(content)), bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		other := r.node(r.dir)
		other.DB = b.DB
		nodes := []*release.Service{r.Service, other}
		answers := make([]error, 16)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { _, answers[i] = nodes[i%2].Publish(r.ctx, staff, d.ID, time.Time{}) })
		}
		all.Wait()
		done := 0
		for _, err := range answers {
			switch {
			case err == nil:
				done++
			case !fault.Is(err, fault.Conflict):
				t.Errorf("the answer is %v", err)
			}
		}
		if done != 1 {
			t.Errorf("%d published it", done)
		}
	})
}

func TestReleasesAreFoundInTheirOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		for _, v := range []string{"1.9", "1.10", "2.0-rc2", "2.0-rc10", "0.9.9.9"} {
			r.published(v, filled(10))
			e.Clock.Advance(time.Minute)
		}
		r.draft("3.0")
		var order []string
		r.in(func(tx *db.Tx) error {
			list, err := release.PublishedIn(tx, "meeting", license.Stable)
			if err != nil {
				return err
			}
			whole, err := release.Whole(tx, list)
			for i, one := range whole {
				order = append(order, one.Version.String())
				if one.ID != list[i].ID || one.Notes.In("en") == "" || len(one.Artifacts) != 1 || len(list[i].Artifacts) != 0 {
					t.Errorf("whole %+v of %+v", one, list[i])
				}
			}
			return err
		})
		if got := strings.Join(order, " "); got != "2.0-rc10 2.0-rc2 1.10 1.9 0.9.9.9" {
			t.Errorf("the order is %s", got)
		}
		p, err := r.Find(r.ctx, staff, release.Filter{Limit: 4})
		if err != nil || len(p.Releases) != 4 || p.Releases[0].Version != "3.0" || p.Counts[release.Published] != 5 || p.Counts[release.Drafted] != 1 {
			t.Fatalf("the first page: %+v, %v", p, err)
		}
		p, err = r.Find(r.ctx, staff, release.Filter{Limit: 4, After: p.Next, State: release.Published})
		if err != nil || len(p.Releases) != 2 || p.Next != "" || len(p.Releases[0].Artifacts) != 1 {
			t.Errorf("the next page: %+v, %v", p, err)
		}
		_, err = r.Find(r.ctx, release.Staff{ID: "s2"}, release.Filter{})
		refusedAs(t, err, "not-allowed")
		if _, err := r.Find(r.ctx, release.Operator(), release.Filter{}); err != nil {
			t.Error(err)
		}
	})
}

func TestARequiredReleaseSaysSinceWhen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		out := r.published("1.0", filled(10))
		e.Clock.Advance(time.Hour)
		got, err := r.Require(r.ctx, staff, out.ID, true)
		if err != nil || !got.RequiredSince.Equal(e.Clock.Now()) || !r.read(out.ID).Required {
			t.Fatalf("required: %+v, %v", got, err)
		}
		_, err = r.Require(r.ctx, staff, out.ID, true)
		refusedAs(t, err, "changed")
		if got, err = r.Require(r.ctx, staff, out.ID, false); err != nil || !got.RequiredSince.IsZero() {
			t.Errorf("not required: %+v, %v", got, err)
		}
	})
}

func TestADraftSaysWhatIsWrongWithIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		right := release.Draft{Product: "meeting", Version: "1.0", Channel: license.Stable}
		for field, harm := range map[string]func(*release.Draft){
			"product": func(d *release.Draft) { d.Product = "other" }, "version": func(d *release.Draft) { d.Version = "one" },
			"channel": func(d *release.Draft) { d.Channel = "beta" }, "title": func(d *release.Draft) { d.Title = strings.Repeat("a", 121) },
			"notes": func(d *release.Draft) { d.Notes = release.Notes{"en": strings.Repeat("a", 20_001)} }, "notes ": func(d *release.Draft) { d.Notes = release.Notes{"english": "a"} },
			"notes  ": func(d *release.Draft) { d.Notes = release.Notes{"en": "\xff"} },
		} {
			d := right
			harm(&d)
			_, err := r.Make(r.ctx, staff, d)
			if e := fault.From(err); e.Kind != fault.Invalid || e.Field != strings.TrimSpace(field) {
				t.Errorf("%s: %v", field, err)
			}
		}
		made := r.draft("1.0")
		if events, err := r.History(r.ctx, staff, made.ID, 10); err != nil || len(events) != 1 || events[0].Detail["by"] != staff.Name || events[0].Actor.ID != staff.ID {
			t.Errorf("the history is %v, %v", events, err)
		}
		if !strings.Contains(made.Notes.HTML("de"), "<h3>New</h3>") {
			t.Errorf("the notes are %q", made.Notes.HTML("de"))
		}
		// A signature that comes while the file does takes the place of the one before.
		f := setup("")
		f.Size = 10
		u, err := r.Begin(r.ctx, staff, made.ID, f)
		if err != nil {
			t.Fatal(err)
		}
		f.Signature = r.sign([]byte("0123456789"))
		if _, err := r.Begin(r.ctx, staff, made.ID, f); err != nil {
			t.Fatal(err)
		}
		if got, err := r.Upload(r.ctx, staff, u.Artifact.ID); err != nil || got.Artifact.Signature != strings.TrimSpace(f.Signature) || got.PartSize != release.PartSize {
			t.Errorf("the upload is %+v, %v", got, err)
		}
		if _, err := r.Sign(r.ctx, staff, u.Artifact.ID, f.Signature); err != nil {
			t.Error(err)
		}
		other := f
		other.Name = "SETUP.msi"
		other.Kind = "other"
		_, err = r.Begin(r.ctx, staff, made.ID, other)
		refusedAs(t, err, "file-name-taken")
		other.Name, other.Kind = "other.msi", f.Kind
		_, err = r.Begin(r.ctx, staff, made.ID, other)
		refusedAs(t, err, "file-kind-taken")
		for _, c := range r.Chores() {
			if err := c.Run(r.ctx); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
		nobody := release.Staff{ID: "s2"}
		for _, err := range []error{
			second(r.Get(r.ctx, nobody, made.ID)), second(r.History(r.ctx, nobody, made.ID, 1)), second(r.Make(r.ctx, nobody, right)), r.Discard(r.ctx, nobody, made.ID),
			second(r.Begin(r.ctx, nobody, made.ID, f)), second(r.Upload(r.ctx, nobody, u.Artifact.ID)), second(r.Finish(r.ctx, nobody, u.Artifact.ID)),
			second(r.PutPart(r.ctx, nobody, u.Artifact.ID, 0, strings.NewReader("x"))), second(r.Sign(r.ctx, nobody, u.Artifact.ID, "")), r.Remove(r.ctx, nobody, u.Artifact.ID),
			second(r.Publish(r.ctx, nobody, made.ID, time.Time{})), second(r.Withdraw(r.ctx, nobody, made.ID, "reason")), second(r.Require(r.ctx, nobody, made.ID, true)),
			second(r.Recall(r.ctx, nobody, made.ID)), second(r.Reschedule(r.ctx, nobody, made.ID, time.Time{}, time.Time{})),
		} {
			refusedAs(t, err, "not-allowed")
		}
		for _, err := range []error{second(r.Get(r.ctx, staff, "none")), second(r.Upload(r.ctx, staff, "none")), second(r.Finish(r.ctx, staff, "none")), r.Remove(r.ctx, staff, "none")} {
			refusedAs(t, err, "not-found")
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestTwoEditsOfADraftDoNotOverwriteOneAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, e *dbtest.Env) {
		r := open(t, e)
		d := r.draft("1.0")
		e.Clock.Advance(time.Second)
		change := release.Draft{Product: "meeting", Version: "1.1", Channel: license.Preview, Required: true, Notes: release.Notes{"de": "Neu"}}
		got, err := r.Edit(r.ctx, staff, d.ID, d.EditedAt, change)
		if err != nil || got.Notes.In("en") != "Neu" {
			t.Fatalf("edited: %+v, %v", got, err)
		}
		_, err = r.Edit(r.ctx, staff, d.ID, d.EditedAt, change)
		refusedAs(t, err, "changed")
		if err := r.Discard(r.ctx, staff, d.ID); err != nil {
			t.Fatal(err)
		}
		r.draft("1.1")
	})
}
