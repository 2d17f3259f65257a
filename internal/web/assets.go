package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"vestibule/internal/web/assets"
	"vestibule/internal/web/ui"
)

// A file is a static answer with its headers made once.
type file struct {
	data   []byte
	zipped []byte // gzip of data, nil where it gains nothing
	kind   []string
	etag   string
}

// loadAssets puts the built-in assets and the vendor's own behind their paths.
func (k *Kit) loadAssets() error {
	k.static = map[string]*file{}
	for _, a := range assets.All() {
		k.static[a.Path] = &file{data: a.Data, zipped: a.Zipped, kind: []string{a.Type}, etag: a.Tag}
	}
	sheet, err := brandSheet(k.o.Accent)
	if err != nil {
		return err
	}
	a := assets.Make("/assets/brand.css", "text/css; charset=utf-8", []byte(sheet))
	k.static[a.Path] = &file{data: a.Data, kind: []string{a.Type}, etag: a.Tag}
	k.vendor.Brand = a.Path
	if err := k.loadIcon(); err != nil {
		return err
	}
	if len(k.o.Logo) > 0 {
		a := assets.Make("/assets/logo"+logoEnding(k.o.LogoType), k.o.LogoType, k.o.Logo)
		k.static[a.Path] = &file{data: a.Data, kind: []string{a.Type}, etag: a.Tag}
		k.vendor.LogoURL = a.Path
	}
	return nil
}

// loadIcon draws the mark that stands in a browser's tab: the vendor's
// initial on the accent colour.
func (k *Kit) loadIcon() error {
	var b bytes.Buffer
	if err := ui.Mark(k.vendor.Name, k.o.Accent).Render(context.Background(), &b); err != nil {
		return err
	}
	a := assets.Make("/assets/icon.svg", "image/svg+xml", b.Bytes())
	k.static[a.Path] = &file{data: a.Data, kind: []string{a.Type}, etag: a.Tag}
	k.vendor.Icon = a.Path
	return nil
}

func logoEnding(mediaType string) string {
	_, sub, _ := strings.Cut(mediaType, "/")
	sub, _, _ = strings.Cut(sub, "+")
	return "." + sub
}

// brandSheet is the third style sheet: the vendor's one colour.
func brandSheet(accent string) (string, error) {
	if accent == "" {
		return ":root{}\n", nil
	}
	if !regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`).MatchString(accent) {
		return "", fmt.Errorf("accent colour %q: want #rrggbb", accent)
	}
	return ":root { --brand: " + accent + "; }\n", nil
}

// asset sends a static file. Names carry the content's hash, so a browser
// keeps them for good (RFC 8246, immutable).
func (k *Kit) asset(c *Context) error {
	f, ok := k.static[c.R.URL.Path]
	if !ok {
		return k.goneAsset(c)
	}
	h := c.W.Header()
	h["Cache-Control"] = foreverCache
	h["Content-Type"] = f.kind
	h.Set("Etag", f.etag)
	if c.R.Header.Get("If-None-Match") == f.etag {
		c.W.WriteHeader(http.StatusNotModified)
		return nil
	}
	data := f.data
	if f.zipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(c.R.Header.Get("Accept-Encoding"), "gzip") {
			data = f.zipped
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	c.W.WriteHeader(http.StatusOK)
	_, err := c.W.Write(data)
	return c.cut(err)
}

// goneAsset answers for a name of an older version, without a page: nobody
// reads it.
func (k *Kit) goneAsset(c *Context) error {
	return c.Bytes(http.StatusNotFound, "text/plain; charset=utf-8", []byte("no such file\n"))
}

var foreverCache = []string{"public, max-age=31536000, immutable"}
