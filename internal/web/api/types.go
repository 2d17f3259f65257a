package api

import "time"

// Fields are described by words under api.field.NAME: the same name means the same everywhere. The tag max bounds a text in
// characters, enum lists the values that there are now, example is what documents show.

// A ValidateRequest asks whether a licence may be used.
type ValidateRequest struct {
	Key         string `json:"key,omitempty" max:"80" example:"NWC-7Q4MX-K29H3-WZ8T5-B1CDE"`
	License     string `json:"license,omitempty" max:"40" example:"06cxya9gp4gshm4bs5v0sx1r5m"`
	Fingerprint string `json:"fingerprint,omitempty" max:"64" example:"9f86d081884c7d659a2feaa0c55ad015"`
}

// A Validity is the answer.
type Validity struct {
	Valid   bool     `json:"valid" example:"true"`
	Status  string   `json:"status" enum:"active expiring grace expired not-started suspended revoked none replaced unknown" example:"active"`
	Code    string   `json:"code" example:"valid"`
	Because []Fact   `json:"because"`
	Remedy  string   `json:"remedy,omitempty" example:"renew"`
	License *License `json:"license,omitempty"`
	Device  *Device  `json:"device,omitempty"`
}

// A Fact is one thing that an answer rests on.
type Fact struct {
	Code string    `json:"code" example:"term-runs"`
	At   time.Time `json:"at,omitzero"`
}

// A License is what an organization may know of its own.
type License struct {
	ID               string    `json:"id" example:"06cxya9gp4gshm4bs5v0sx1r5m"`
	Product          string    `json:"product" example:"meeting"`
	Kind             string    `json:"kind,omitempty" enum:"evaluation reactivation extension subscription renewal perpetual maintenance partner" example:"subscription"`
	Status           string    `json:"status" enum:"active expiring grace expired not-started suspended revoked none" example:"active"`
	Usable           bool      `json:"usable" example:"true"`
	Starts           time.Time `json:"starts,omitzero"`
	Ends             time.Time `json:"ends,omitzero"`
	GraceUntil       time.Time `json:"grace_until,omitzero"`
	MaintenanceUntil time.Time `json:"maintenance_until,omitzero"`
	Features         []string  `json:"features" example:"recording"`
	Channels         []string  `json:"channels" example:"stable"`
	Usage            *Usage    `json:"usage,omitempty"`
}

// A Usage counts what of a licence is taken.
type Usage struct {
	Devices    int `json:"devices" example:"12"`
	DevicesMax int `json:"devices_max" example:"50"`
	Seats      int `json:"seats" example:"7"`
	SeatsMax   int `json:"seats_max" example:"25"`
}

// An ActivateRequest registers a device.
type ActivateRequest struct {
	Key         string `json:"key,omitempty" max:"80" example:"NWC-7Q4MX-K29H3-WZ8T5-B1CDE"`
	License     string `json:"license,omitempty" max:"40" example:"06cxya9gp4gshm4bs5v0sx1r5m"`
	Fingerprint string `json:"fingerprint" max:"64" example:"9f86d081884c7d659a2feaa0c55ad015"`
	Name        string `json:"name,omitempty" max:"200" example:"Front desk 3"`
	Platform    string `json:"platform,omitempty" max:"200" example:"Windows 11"`
}

// A HeartbeatRequest renews the seat of a device.
type HeartbeatRequest struct {
	Fingerprint string `json:"fingerprint" max:"64" example:"9f86d081884c7d659a2feaa0c55ad015"`
}

// An Activation is a device with what it may use.
type Activation struct {
	Device       Device   `json:"device"`
	New          bool     `json:"new" example:"true"`
	RenewSeconds int      `json:"renew_seconds" example:"600"`
	Validity     Validity `json:"validity"`
}

// A Device is a registered machine.
type Device struct {
	ID           string    `json:"id" example:"06cxyb1v7cgsj2m9d0hq4r8w6n"`
	Name         string    `json:"name,omitempty" example:"Front desk 3"`
	Platform     string    `json:"platform,omitempty" example:"Windows 11"`
	ActivatedAt  time.Time `json:"activated_at"`
	SeenAt       time.Time `json:"seen_at"`
	SeatUntil    time.Time `json:"seat_until,omitzero"`
	OfflineUntil time.Time `json:"offline_until,omitzero"`
}

// Licenses are an organization's.
type Licenses struct {
	Licenses []License `json:"licenses"`
}

// A FileRequest asks for a licence file.
type FileRequest struct {
	Fingerprint string `json:"fingerprint,omitempty" max:"64" example:"9f86d081884c7d659a2feaa0c55ad015"`
}

// A LicenseFile is signed.
type LicenseFile struct {
	Serial   string    `json:"serial" example:"5f0c2e9a41d7b836"`
	License  string    `json:"license" example:"06cxya9gp4gshm4bs5v0sx1r5m"`
	DeviceID string    `json:"device_id,omitempty" example:"06cxyb1v7cgsj2m9d0hq4r8w6n"`
	IssuedAt time.Time `json:"issued_at"`
	Until    time.Time `json:"until"`
	KeyID    string    `json:"key_id" example:"3b1f0a92c4d5e687"`
	FileName string    `json:"file_name" example:"meeting.lic"`
	Text     string    `json:"text" example:"-----BEGIN VESTIBULE LICENCE-----"`
}

// Revocations is the signed list.
type Revocations struct {
	Number   int64     `json:"number" example:"17"`
	IssuedAt time.Time `json:"issued_at"`
	Text     string    `json:"text" example:"-----BEGIN VESTIBULE REVOCATIONS-----"`
}

// Keys are the public keys that files and lists are signed with.
type Keys struct {
	Keys []SigningKey `json:"keys"`
}

// A SigningKey is one of them.
type SigningKey struct {
	ID        string    `json:"id" example:"3b1f0a92c4d5e687"`
	PublicKey string    `json:"public_key" example:"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"`
	State     string    `json:"state" enum:"current next retired" example:"current"`
	MadeAt    time.Time `json:"made_at"`
	CurrentAt time.Time `json:"current_at,omitzero"`
	RetiredAt time.Time `json:"retired_at,omitzero"`
}

// A ReleasesQuery says which releases are asked for.
type ReleasesQuery struct {
	Product string `query:"product" required:"true" max:"60" example:"meeting"`
	Channel string `query:"channel" max:"60" example:"stable"`
}

// Releases are those that the organization may have now, the newest first.
type Releases struct {
	Releases []Release `json:"releases"`
}

// A Release is one of them.
type Release struct {
	ID          string     `json:"id" example:"06cxyc3r1mgsk7v2q9t5w0x4zp"`
	Product     string     `json:"product" example:"meeting"`
	Channel     string     `json:"channel" example:"stable"`
	Version     string     `json:"version" example:"4.2.0"`
	PublishedAt time.Time  `json:"published_at"`
	Required    bool       `json:"required" example:"false"`
	Notes       string     `json:"notes,omitempty" example:"## What is new"`
	Artifacts   []Artifact `json:"artifacts"`
}

// An Artifact is a file of a release.
type Artifact struct {
	ID        string `json:"id" example:"06cxyc4d8hgsm1w6r3y7z2b5cq"`
	Kind      string `json:"kind" example:"installer"`
	FileName  string `json:"file_name" example:"meeting-4.2.0-x64.msi"`
	System    string `json:"system,omitempty" example:"windows"`
	Machine   string `json:"machine,omitempty" example:"x64"`
	Size      int64  `json:"size" example:"48123904"`
	MediaType string `json:"media_type,omitempty" example:"application/x-msi"`
	SHA256    string `json:"sha256" example:"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`
	SHA512    string `json:"sha512" example:"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"`
	Signature string `json:"signature,omitempty" example:"untrusted comment: minisign signature"`
}

// An ArtifactURL leads to an artifact for a while.
type ArtifactURL struct {
	URL   string    `json:"url" format:"uri" example:"https://portal.example.com/download/c2VydmljZQ.q1w2e3"`
	Until time.Time `json:"until"`
}
