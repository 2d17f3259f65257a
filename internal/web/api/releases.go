package api

import (
	"vestibule/internal/download"
	"vestibule/internal/fault"
	"vestibule/internal/web"
)

func (f *Face) releases(c *web.Context) error {
	in := c.R.URL.Query()
	if in.Get("product") == "" {
		return fault.OnField("product", "required")
	}
	list, err := f.Downloads.Releases(c.Context(), c.Who().Organization, in.Get("product"), in.Get("channel"))
	if err != nil {
		return err
	}
	out := Releases{Releases: []Release{}}
	for _, r := range list {
		out.Releases = append(out.Releases, released(r, string(c.Lang)))
	}
	return answer(c, out)
}

func (f *Face) artifactURL(c *web.Context) error {
	who := c.Who()
	l, err := f.Downloads.LinkFor(c.Context(), download.Caller{Kind: download.Machine, ID: who.Account, Organization: who.Organization, Address: c.Address}, c.R.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(c, ArtifactURL{URL: c.BaseURL() + l.Path, Until: at(l.Until)})
}

func released(r download.Release, lang string) Release {
	out := Release{
		ID: r.ID, Product: r.Product, Channel: r.Channel, Version: r.Version, PublishedAt: at(r.Published), Required: r.Required,
		Notes: r.Notes.In(lang), Artifacts: []Artifact{},
	}
	for _, a := range r.Artifacts {
		out.Artifacts = append(out.Artifacts, Artifact{
			ID: a.ID, Kind: a.Kind, FileName: a.Name, System: a.System, Machine: a.Machine, Size: a.Size, MediaType: a.MediaType,
			SHA256: a.SHA256, SHA512: a.SHA512, Signature: a.Signature,
		})
	}
	return out
}
