package feed

import (
	"context"
	"encoding/json"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// What follows speaks version 1 of the REST API of WinGET sources, as far as winget asks: information, manifestSearch and
// packageManifests. A package is a product on a channel, since the client knows no channels: Vendor.product, Vendor.product.Preview.
// Every name is as the API has it.

// Information tells winget what the source is.
type Information struct {
	Data struct {
		SourceIdentifier              string
		ServerSupportedVersions       []string
		UnsupportedPackageMatchFields []string
		UnsupportedQueryParameters    []string
	}
}

// A Search is what winget looks for. A package fits where the query or one of the inclusions does, and all of the filters.
type Search struct {
	MaximumResults    int
	FetchAllManifests bool
	Query             *Match
	Inclusions        []MatchField
	Filters           []MatchField
}

// A Match is words and how they are compared.
type Match struct{ KeyWord, MatchType string }

// A MatchField is a match with one thing that is said of a package.
type MatchField struct {
	PackageMatchField string
	RequestMatch      Match
}

// Found are the packages of a search.
type Found struct {
	Data                          []FoundPackage
	UnsupportedPackageMatchFields []string `json:",omitempty"`
}

// A FoundPackage is what a search says of a package.
type FoundPackage struct {
	PackageIdentifier, PackageName, Publisher string
	Versions                                  []FoundVersion
}

// A FoundVersion is one of a package's versions.
type FoundVersion struct{ PackageVersion string }

// A Manifest is a package with its versions and where their installers are.
type Manifest struct {
	Data struct {
		PackageIdentifier string
		Versions          []ManifestVersion
	}
	UnsupportedQueryParameters []string `json:",omitempty"`
}

// A ManifestVersion is one version in a manifest.
type ManifestVersion struct {
	PackageVersion string
	DefaultLocale  ManifestLocale
	Installers     []ManifestInstaller
}

// A ManifestLocale is what people read of a package.
type ManifestLocale struct {
	PackageLocale, Publisher, PackageName, License, ShortDescription string
	ReleaseNotes                                                     string `json:",omitempty"`
}

// A ManifestInstaller is one installer.
type ManifestInstaller struct {
	InstallerIdentifier, InstallerSha256, InstallerUrl, Architecture, InstallerType, ReleaseDate string
}

// supported are the versions of the API that the answers fit.
func supported() []string {
	return []string{"1.0.0", "1.1.0", "1.4.0", "1.5.0", "1.6.0", "1.7.0", "1.9.0", "1.10.0"}
}

const (
	byIdentifier = "PackageIdentifier"
	byName       = "PackageName"
	byBoth       = "NormalizedPackageNameAndPublisher"
)

// unsupported are the fields that are not known of a package here.
func unsupported() []string {
	return []string{"Moniker", "Command", "Tag", "PackageFamilyName", "ProductCode", "UpgradeCode", "Market", "HasInstallerType"}
}

const (
	market       = "Market"
	locale       = "en-US"
	proprietary  = "Proprietary"
	notesLetters = 10_000
	shortLetters = 256
	maxFound     = 500
)

// Information tells what the source at a secret address is. NotFound where there is no such address.
func (s *Service) Information(ctx context.Context, token string) (i Information, err error) {
	if _, err := s.ByToken(ctx, WinGET, token); err != nil {
		return i, err
	}
	i.Data.SourceIdentifier = s.publisher() + ".Portal"
	i.Data.ServerSupportedVersions = supported()
	i.Data.UnsupportedPackageMatchFields = unsupported()
	i.Data.UnsupportedQueryParameters = []string{market}
	return i, nil
}

// ParseSearch reads a search. Invalid "search-unreadable" for what is none.
func ParseSearch(body []byte) (in Search, err error) {
	if json.Unmarshal(body, &in) != nil {
		return Search{}, fault.New(fault.Invalid, "search-unreadable")
	}
	return in, nil
}

// Search finds packages of the organization whose address it is.
func (s *Service) Search(ctx context.Context, token string, in Search) (f Found, err error) {
	packages, err := s.packages(ctx, token)
	if err != nil {
		return Found{}, err
	}
	f.Data = []FoundPackage{}
	for _, one := range append(slices.Clone(in.Inclusions), in.Filters...) {
		if slices.Contains(unsupported(), one.PackageMatchField) && !slices.Contains(f.UnsupportedPackageMatchFields, one.PackageMatchField) {
			f.UnsupportedPackageMatchFields = append(f.UnsupportedPackageMatchFields, one.PackageMatchField)
		}
	}
	most := maxFound
	if in.MaximumResults > 0 {
		most = min(most, in.MaximumResults)
	}
	for _, p := range packages {
		if len(f.Data) == most || !in.FetchAllManifests && !in.fits(p) {
			continue
		}
		found := FoundPackage{PackageIdentifier: p.id, PackageName: p.name, Publisher: p.publisher}
		for _, r := range p.releases {
			found.Versions = append(found.Versions, FoundVersion{r.Version})
		}
		f.Data = append(f.Data, found)
	}
	return f, nil
}

func (in Search) fits(p winPackage) bool {
	asks := in.Query != nil && in.Query.KeyWord != ""
	fits := !asks && len(in.Inclusions) == 0
	if asks {
		fits = in.Query.fits(p.id) || in.Query.fits(p.name)
	}
	for _, one := range in.Inclusions {
		fits = fits || one.fits(p)
	}
	for _, one := range in.Filters {
		fits = fits && one.fits(p)
	}
	return fits
}

func (m MatchField) fits(p winPackage) bool {
	switch m.PackageMatchField {
	case byIdentifier:
		return m.RequestMatch.fits(p.id)
	case byName:
		return m.RequestMatch.fits(p.name)
	case byBoth:
		return Match{normal(m.RequestMatch.KeyWord), m.RequestMatch.MatchType}.fits(normal(p.name) + normal(p.publisher))
	}
	return false
}

// fits compares as the match type says; what is fuzzy counts as a part of the words.
func (m Match) fits(said string) bool {
	a, b := strings.ToLower(said), strings.ToLower(m.KeyWord)
	switch m.MatchType {
	case "Exact":
		return said == m.KeyWord
	case "CaseInsensitive":
		return a == b
	case "StartsWith":
		return strings.HasPrefix(a, b)
	case "Wildcard":
		ok, err := path.Match(b, a)
		return err == nil && ok
	}
	return strings.Contains(a, b)
}

func normal(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// Manifest is a package with its versions, or with the one that is asked for. NotFound for what the organization does not have.
func (s *Service) Manifest(ctx context.Context, token, id, version, channel, asked string) (m Manifest, err error) {
	packages, err := s.packages(ctx, token)
	if err != nil {
		return m, err
	}
	if asked != "" {
		m.UnsupportedQueryParameters = []string{market}
	}
	for _, p := range packages {
		if !strings.EqualFold(p.id, id) || channel != "" && !strings.EqualFold(channel, p.channel) {
			continue
		}
		m.Data.PackageIdentifier = p.id
		for _, r := range p.releases {
			if version == "" || strings.EqualFold(version, r.Version) {
				m.Data.Versions = append(m.Data.Versions, s.version(p, r, token))
			}
		}
	}
	if len(m.Data.Versions) == 0 {
		return m, fault.New(fault.NotFound, "not-found")
	}
	return m, nil
}

func (s *Service) version(p winPackage, r Release, token string) ManifestVersion {
	v := ManifestVersion{PackageVersion: r.Version, Installers: []ManifestInstaller{}, DefaultLocale: ManifestLocale{
		PackageLocale: locale, Publisher: p.publisher, PackageName: p.name, License: proprietary,
		ShortDescription: atLeast(cut(r.Product.Summary, shortLetters), 3, p.name), ReleaseNotes: cut(r.Notes, notesLetters),
	}}
	for _, a := range r.Artifacts {
		if kind, ok := installerType(a); ok {
			v.Installers = append(v.Installers, ManifestInstaller{
				InstallerIdentifier: a.Kind, InstallerSha256: strings.ToUpper(a.SHA256), Architecture: architecture(a.Machine), InstallerType: kind,
				// The secret stands in the address, since winget sends no header when it fetches an installer.
				InstallerUrl: s.BaseURL + "/winget/" + url.PathEscape(token) + "/files/" + url.PathEscape(a.ID) + "/" + url.PathEscape(a.Name),
				ReleaseDate:  r.Published.UTC().Format("2006-01-02"),
			})
		}
	}
	return v
}

// A winPackage is a product on a channel with the releases that have an installer for Windows.
type winPackage struct {
	id, name, publisher, channel string
	releases                     []Release
}

// packages are what the organization of an address may install with winget now.
func (s *Service) packages(ctx context.Context, token string) (all []winPackage, err error) {
	a, err := s.ByToken(ctx, WinGET, token)
	if err != nil {
		return nil, err
	}
	var list []Release
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		list, err = s.Available(tx, a.Organization, "", "")
		return err
	}); err != nil {
		return nil, err
	}
	for _, r := range list {
		if !slices.ContainsFunc(r.Artifacts, func(a Artifact) bool { _, ok := installerType(a); return ok }) {
			continue
		}
		id := s.publisher() + "." + part(r.Product.ID) + suffixes()[r.Channel].id
		i := slices.IndexFunc(all, func(p winPackage) bool { return p.id == id })
		if i < 0 {
			i = len(all)
			all = append(all, winPackage{id: id, name: r.Product.Name + suffixes()[r.Channel].name, publisher: atLeast(s.Vendor, 2, "Vendor"), channel: r.Channel})
		}
		all[i].releases = append(all[i].releases, r)
	}
	slices.SortFunc(all, func(a, b winPackage) int { return strings.Compare(a.id, b.id) })
	return all, nil
}

type suffix struct{ id, name string }

// suffixes tell channels apart for a client that knows none. A channel that is not here would be taken for stable, and there is none.
func suffixes() map[string]suffix {
	return map[string]suffix{"stable": {}, "preview": {".Preview", " Preview"}, "lts": {".LTS", " LTS"}}
}

// publisher is the vendor's name as the first part of a package's identifier.
func (s *Service) publisher() string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(s.Vendor, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		b.WriteString(word)
	}
	return atLeast(part(b.String()), 1, "Vendor")
}

// part is a text as a part of an identifier: without what the API forbids there, and at most 32 letters.
func part(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`.\/:*?"<>|`, r) {
			return '-'
		}
		return r
	}, text)
	return cut(text, 32)
}

func cut(text string, letters int) string {
	if r := []rune(text); len(r) > letters {
		return string(r[:letters])
	}
	return text
}

func atLeast(text string, letters int, otherwise string) string {
	if len([]rune(strings.TrimSpace(text))) < letters {
		return otherwise
	}
	return text
}

// installerType tells what winget installs, by the file's name. An archive is none: what is in it would have to be named.
func installerType(a Artifact) (string, bool) {
	if a.System != "" && a.System != "windows" {
		return "", false
	}
	kind, ok := map[string]string{".msi": "msi", ".exe": "exe", ".msix": "msix", ".msixbundle": "msix", ".appx": "appx"}[strings.ToLower(path.Ext(a.Name))]
	return kind, ok
}

// architecture is a machine in the API's words.
func architecture(machine string) string {
	switch strings.ToLower(machine) {
	case "x64", "amd64", "x86_64":
		return "x64"
	case "x86", "386", "i386", "i686":
		return "x86"
	case "arm64", "aarch64":
		return "arm64"
	case "arm":
		return "arm"
	}
	return "neutral"
}
