package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vestibule/e2e/browser"
	"vestibule/e2e/parts"
)

// demo is what `vestibule demo --json` says of itself.
type demo struct {
	URL   string `json:"url"`
	Inbox string `json:"inbox"`
	Staff []struct {
		UserID     string `json:"user_id"`
		Password   string `json:"password"`
		TOTPSecret string `json:"totp_secret"`
	} `json:"staff"`
}

// startDemo starts the one command that needs nothing.
func startDemo(t *testing.T) demo {
	t.Helper()
	folder := t.TempDir()
	p := parts.Launch(t, os.Environ(), folder, "demo", "--json", "--listen", "127.0.0.1:0", "--data", filepath.Join(folder, "demo"))
	t.Cleanup(func() { p.Stop(t) })
	var d demo
	parts.Eventually(t, "the demo tells its address", func() bool {
		select {
		case err := <-p.Done:
			p.Done <- err
			t.Fatalf("the demo ended: %v\n%s", err, p.Out.String())
		default:
		}
		for line := range strings.Lines(p.Out.String()) {
			if strings.HasPrefix(line, "{") && strings.HasSuffix(line, "}\n") {
				if err := json.Unmarshal([]byte(line), &d); err != nil {
					t.Fatalf("the demo printed %q: %v", line, err)
				}
				return d.URL != ""
			}
		}
		return false
	})
	d.URL = strings.TrimSuffix(d.URL, "/")
	parts.Eventually(t, "the demo answers", func() bool {
		answer, err := http.Get(d.URL + "/readyz")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return d
}

// TestEveryPageIsAccessible walks the gallery, which shows every page in every
// state that has a sample.
func TestEveryPageIsAccessible(t *testing.T) {
	d := startDemo(t)
	p := browser.Open(t, browser.Options{})
	p.Go(d.URL + "/dev/gallery")
	var paths []string
	for _, m := range regexp.MustCompile(`href="(/dev/gallery/[^"]+)"`).FindAllStringSubmatch(p.HTML(), -1) {
		paths = append(paths, m[1])
	}
	if len(paths) < 20 {
		t.Fatalf("the gallery shows %d pages only", len(paths))
	}
	// Two windows share the work: a machine has two cores.
	for half := range 2 {
		t.Run(fmt.Sprintf("half %d", half+1), func(t *testing.T) {
			t.Parallel()
			window := browser.Open(t, browser.Options{})
			for i, path := range paths {
				if i%2 != half {
					continue
				}
				t.Run(filepath.Base(path), func(t *testing.T) {
					p := window.For(t)
					p.Resize(1280)
					p.Go(d.URL + path)
					p.Accessible()
					for _, width := range []int{320, 390} {
						p.Resize(width)
						p.Upright()
					}
				})
			}
		})
	}
}

// TestThePagesHaveTheirPictures takes the screenshots that are kept.
func TestThePagesHaveTheirPictures(t *testing.T) {
	d := startDemo(t)
	for _, look := range []struct {
		name    string
		options browser.Options
	}{{"", browser.Options{}}, {"-dark-390", browser.Options{Width: 390, Touch: true, Dark: true}}} {
		t.Run("look"+look.name, func(t *testing.T) {
			t.Parallel()
			p := browser.Open(t, look.options)
			p.Go(d.URL + "/dev/gallery")
			for _, m := range regexp.MustCompile(`href="/dev/gallery/([^"]+)"`).FindAllStringSubmatch(p.HTML(), -1) {
				p.Go(fmt.Sprintf("%s/dev/gallery/%s", d.URL, m[1]))
				p.Screenshot("gallery-" + m[1] + look.name)
			}
		})
	}
}
