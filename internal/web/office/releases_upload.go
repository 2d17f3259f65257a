package office

import (
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"vestibule/internal/fault"
	"vestibule/internal/release"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// aroundFile is how much a form may weigh beside the file in it.
const aroundFile = 1 << 20

// politely is how much of a file that is refused is read all the same.
const politely = 8 << 20

// longestField bounds each text of the form, in bytes.
const longestField = 4 << 10

// uploadRoutes take files: whole in a plain form, or in parts, which upload.js sends.
func (f *Face) uploadRoutes(manage web.Access) []web.Route {
	largest := release.DefaultSettings().MaxSize
	if f.s.Releases != nil {
		largest = f.s.Releases.Settings.MaxSize
	}
	return []web.Route{
		web.Row(manage, "POST /office/releases/{id}/files", f.addFile).Body(largest + aroundFile).Long(),
		web.Row(manage, "POST /office/releases/{id}/uploads", f.beginUpload),
		web.Row(manage, "POST /office/releases/{id}/uploads/{file}/parts/{part}", f.uploadPart).Body(release.PartSize + 1).Long(),
		web.Row(manage, "POST /office/releases/{id}/uploads/{file}/finish", f.finishUpload).Long(),
		web.Row(manage, "GET /office/releases/{id}/files/{file}/signature", f.signaturePage),
		web.Row(manage, "POST /office/releases/{id}/files/{file}/signature", f.sign),
		web.Row(manage, "POST /office/releases/{id}/files/{file}/remove", f.removeFile),
	}
}

// field is one of what is said of a file, by the names of the form.
func (in *fileForm) field(name string) *string {
	switch name {
	case "title":
		return &in.Title
	case "kind":
		return &in.Kind
	case "platform":
		return &in.Platform
	case "arch":
		return &in.Arch
	case "signature":
		return &in.Signature
	}
	return nil
}

func (in fileForm) file(name string, size int64) release.File {
	return release.File{Kind: in.Kind, Title: in.Title, Name: name, Platform: in.Platform, Arch: in.Arch, Size: size, Signature: in.Signature}
}

// addFile takes a file as a plain form sends it: it is read as it comes in and never whole in memory. What is said of it comes before it.
func (f *Face) addFile(c *web.Context) error {
	id := c.R.PathValue("id")
	c.Here(releaseHref(id))
	parts, err := c.R.MultipartReader()
	if err != nil {
		return fault.Because(fault.Invalid, "form-unreadable", err)
	}
	var in fileForm
	a, err := f.takeForm(c, id, parts, &in)
	if err != nil {
		// A browser reads the answer when it has sent everything, but nobody is waited for who sends gigabytes in vain.
		_, more := io.CopyN(io.Discard, c.R.Body, politely)
		if more == nil {
			c.W.Header().Set("Connection", "close")
		} else if !errors.Is(more, io.EOF) && c.R.Context().Err() != nil {
			return more
		}
		return f.showRelease(c, id, releaseInput{File: in}, fileFault(err))
	}
	return c.SeeOther(afterUpload(id, a))
}

// takeForm reads the form's fields, then the file.
func (f *Face) takeForm(c *web.Context, id string, parts *multipart.Reader, in *fileForm) (release.Artifact, error) {
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return release.Artifact{}, fault.OnField("file", "file-needed")
		}
		if err != nil {
			return release.Artifact{}, unreadable(err)
		}
		if part.FormName() == "file" {
			if part.FileName() == "" {
				return release.Artifact{}, fault.OnField("file", "file-needed")
			}
			a, err := f.s.Releases.Add(c.Context(), releaser(c), id, in.file(part.FileName(), release.Unknown), part)
			return a, unreadable(err)
		}
		if into := in.field(part.FormName()); into != nil {
			text, err := io.ReadAll(io.LimitReader(part, longestField))
			if err != nil {
				return release.Artifact{}, unreadable(err)
			}
			*into = strings.TrimSpace(strings.ToValidUTF8(string(text), ""))
		}
	}
}

// unreadable says what a body that breaks off or goes on for too long is.
func unreadable(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.OnField("file", "file-too-large")
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, multipart.ErrMessageTooLarge) {
		return fault.Because(fault.Invalid, "form-unreadable", err)
	}
	return err
}

// fileFault names the field of the form at which something is wrong with a file.
func fileFault(err error) error {
	if e := fault.From(err); e.Kind == fault.Conflict && e.Field != "" {
		err = mended(err)
	}
	return onFields(err, map[string]string{"name": "file"})
}

// afterUpload is the page of the release, which says what became of the file.
func afterUpload(id string, a release.Artifact) string {
	if a.State == release.Verified {
		return releaseHref(id) + "?done=added"
	}
	return releaseHref(id)
}

// beginUpload begins to take a file in parts, or goes on with the same one.
func (f *Face) beginUpload(c *web.Context) error {
	id := c.R.PathValue("id")
	var in fileForm
	if err := c.Form(&in); err != nil {
		return f.tell(c, err)
	}
	size, err := strconv.ParseInt(in.Size, 10, 64)
	if err != nil || size < 0 {
		return f.tell(c, fault.OnField("file", "file-needed"))
	}
	u, err := f.s.Releases.Begin(c.Context(), releaser(c), id, in.file(in.Name, size))
	if err != nil {
		return f.tell(c, fileFault(err))
	}
	answer := struct {
		Path  string `json:"path"`
		Part  int64  `json:"part"` // bytes of each, but for the last
		There []int  `json:"there"`
	}{Path: releaseHref(id) + "/uploads/" + url.PathEscape(u.Artifact.ID), Part: u.PartSize, There: []int{}}
	for _, p := range u.Parts {
		answer.There = append(answer.There, p.Number)
	}
	return told(c, http.StatusOK, answer)
}

func (f *Face) uploadPart(c *web.Context) error {
	n, err := strconv.Atoi(c.R.PathValue("part"))
	if err != nil {
		return fault.New(fault.NotFound, "not-found")
	}
	p, err := f.s.Releases.PutPart(c.Context(), releaser(c), c.R.PathValue("file"), n, c.R.Body)
	if err != nil {
		return f.tell(c, unreadable(err))
	}
	return told(c, http.StatusOK, map[string]string{"sha256": p.SHA256})
}

func (f *Face) finishUpload(c *web.Context) error {
	a, err := f.s.Releases.FinishSoon(c.Context(), releaser(c), c.R.PathValue("file"))
	if err != nil {
		return f.tell(c, err)
	}
	return told(c, http.StatusOK, map[string]string{"next": afterUpload(a.Release, a)})
}

// tell answers the script with what is wrong, in words; all that is not the sender's is answered as everywhere.
func (f *Face) tell(c *web.Context, failed error) error {
	e := fault.From(failed)
	if e.Kind != fault.Invalid && e.Kind != fault.Conflict {
		return failed
	}
	list := e.Fields
	if len(list) == 0 {
		list = []*fault.Error{e}
	}
	var words []string
	for _, one := range list {
		words = append(words, c.Fault(one))
	}
	return told(c, http.StatusUnprocessableEntity, map[string][]string{"errors": words})
}

func told(c *web.Context, status int, what any) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return c.Bytes(status, "application/json", body)
}

// signForm is a signature that comes after its file.
type signForm struct {
	Signature string `form:"signature,max=4000"`
}

func (f *Face) signaturePage(c *web.Context) error { return f.showSignature(c, "", nil) }

func (f *Face) showSignature(c *web.Context, typed string, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	r, err := f.s.Releases.Get(c.Context(), releaser(c), c.R.PathValue("id"))
	if err != nil {
		return err
	}
	product, err := f.s.Licenses.Product(c.Context(), r.Product)
	if err != nil {
		return err
	}
	for _, a := range r.Artifacts {
		if a.ID == c.R.PathValue("file") {
			return c.Page(frame.Status(), signatureView(signaturePage{
				Frame: frame, Title: a.Title, File: a.Name, Action: fileHref(r.ID, a.ID) + "/signature", Signature: typed, Keys: keysWords(c, product.PublisherKeys),
				Back: ui.Link{Text: product.Name + " " + r.Version.String(), Href: releaseHref(r.ID)},
			}))
		}
	}
	return fault.New(fault.NotFound, "not-found")
}

func fileHref(release, file string) string {
	return releaseHref(release) + "/files/" + url.PathEscape(file)
}

func (f *Face) sign(c *web.Context) error {
	var in signForm
	err := c.Form(&in)
	if err == nil {
		_, err = f.s.Releases.Sign(c.Context(), releaser(c), c.R.PathValue("file"), in.Signature)
	}
	if err != nil {
		return f.showSignature(c, in.Signature, err)
	}
	return c.SeeOther(releaseHref(c.R.PathValue("id")) + "?done=signed")
}

func (f *Face) removeFile(c *web.Context) error {
	id := c.R.PathValue("id")
	c.Here(releaseHref(id))
	if err := f.s.Releases.Remove(c.Context(), releaser(c), c.R.PathValue("file")); err != nil {
		return err
	}
	return c.SeeOther(releaseHref(id) + "?done=removed")
}
