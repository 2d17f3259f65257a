// Package assets is what a browser keeps: style, script, fonts. Every name
// carries the hash of its content, so a file never changes under its name and
// a browser asks for it once.
package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"maps"
	"path"
	"slices"
	"strings"
)

//go:embed tokens.css portal.css portal.js upload.js fonts/*.woff2
var files embed.FS

// An Asset is a file as it is served.
type Asset struct {
	Path   string // /assets/portal-1a2b3c4d5e6f.css
	Type   string
	Data   []byte
	Zipped []byte // gzip of Data, nil where it gains nothing
	Tag    string // the ETag
}

// Make names data after its content: the hash goes before the ending of path.
func Make(name, mediaType string, data []byte) *Asset {
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:6])
	ending := path.Ext(name)
	a := &Asset{Path: strings.TrimSuffix(name, ending) + "-" + hash + ending, Type: mediaType, Data: data, Tag: `"` + hash + `"`}
	if strings.HasPrefix(mediaType, "text/") {
		a.Zipped = zip(data)
	}
	return a
}

// zip compresses once, at start; writing to memory cannot fail.
func zip(data []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(data); err != nil {
		return nil
	}
	if err := w.Close(); err != nil || b.Len() >= len(data) {
		return nil
	}
	return b.Bytes()
}

// The paths that pages link.
var (
	table  = load()
	Style  = table["portal.css"].Path
	Script = table["portal.js"].Path
	Upload = table["upload.js"].Path // the office's page of a release alone
	Font   = table["fonts/hanken-grotesk-latin.woff2"].Path
)

// All lists the built-in assets.
func All() []*Asset { return slices.Collect(maps.Values(table)) }

func read(name string) []byte {
	data, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded: it is there or the program does not build
	}
	return data
}

// load names the fonts first, then writes their names into the style sheet,
// which is tokens and parts in one.
func load() map[string]*Asset {
	all := map[string]*Asset{}
	style := string(read("tokens.css")) + string(read("portal.css"))
	for _, font := range []string{"fonts/hanken-grotesk-latin.woff2", "fonts/hanken-grotesk-latin-ext.woff2"} {
		a := Make("/assets/"+path.Base(font), "font/woff2", read(font))
		all[font] = a
		style = strings.ReplaceAll(style, "url("+font+")", "url("+a.Path+")")
	}
	all["portal.css"] = Make("/assets/portal.css", "text/css; charset=utf-8", []byte(style))
	for _, script := range []string{"portal.js", "upload.js"} {
		all[script] = Make("/assets/"+script, "text/javascript; charset=utf-8", read(script))
	}
	return all
}
