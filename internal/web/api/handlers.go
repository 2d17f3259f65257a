package api

import (
	"fmt"
	"net/http"
	"time"

	"vestibule/internal/activation"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/internal/organization"
	"vestibule/internal/web"
)

// validate says whether a licence may be used: to whoever has its key the status, to a service account of its organization all.
func (f *Face) validate(c *web.Context) error {
	var who web.Who
	if c.HasToken() {
		var err error
		if who, err = c.Caller(); err != nil {
			return err
		}
		if !who.Can(string(organization.ScopeValidate)) {
			return fault.New(fault.Denied, "scope-missing")
		}
	}
	var in ValidateRequest
	if err := read(c, &in); err != nil {
		return err
	}
	if who.Known() {
		if in.Key == "" && in.License == "" {
			return fault.OnField("key", "key-needed")
		}
		v, err := f.Activation.Validate(c.Context(), activation.Asked{Organization: who.Organization, License: in.License, Key: in.Key}, in.Fingerprint)
		if err != nil {
			return err
		}
		return answer(c, validity(v))
	}
	switch {
	case in.License != "":
		return fault.OnField("license", "key-alone")
	case in.Fingerprint != "":
		return fault.OnField("fingerprint", "key-alone")
	case in.Key == "":
		return fault.OnField("key", "key-needed")
	}
	v, left, err := f.Activation.ValidateAlone(c.Context(), in.Key, c.Address, c.Now())
	c.Rate(&web.Rate{Name: "network", Limit: left.Limit.Burst, Every: left.Limit.Every, Left: left.Left, Reset: left.Reset})
	if err != nil {
		return err
	}
	return answer(c, validity(v))
}

func (f *Face) activate(c *web.Context) error {
	var in ActivateRequest
	if err := read(c, &in); err != nil {
		return err
	}
	if in.Key == "" && in.License == "" {
		return fault.OnField("key", "key-needed")
	}
	who := c.Who()
	a, err := f.Activation.Activate(c.Context(), activation.Asked{Organization: who.Organization, License: in.License, Key: in.Key},
		activation.Machine{Fingerprint: in.Fingerprint, Name: in.Name, Platform: in.Platform})
	if err != nil {
		return err
	}
	return answer(c, activated(a))
}

func (f *Face) heartbeat(c *web.Context) error {
	var in HeartbeatRequest
	if err := read(c, &in); err != nil {
		return err
	}
	a, err := f.Activation.HeartbeatOf(c.Context(), c.Who().Organization, c.R.PathValue("id"), in.Fingerprint)
	if err != nil {
		return err
	}
	return answer(c, activated(a))
}

func (f *Face) deactivate(c *web.Context) error {
	if err := f.Activation.DeactivateOf(c.Context(), c.Who().Organization, c.R.PathValue("id")); err != nil {
		return err
	}
	c.W.WriteHeader(http.StatusNoContent)
	return nil
}

func (f *Face) licenses(c *web.Context) error {
	list, err := f.Licenses.Mine(c.Context(), c.Who().Organization)
	if err != nil {
		return err
	}
	out := Licenses{Licenses: []License{}}
	for _, v := range list {
		out.Licenses = append(out.Licenses, licensed(v))
	}
	return answer(c, out)
}

func (f *Face) file(c *web.Context) error {
	var in FileRequest
	if err := read(c, &in); err != nil {
		return err
	}
	file, err := f.Activation.File(c.Context(), activation.Asked{Organization: c.Who().Organization, License: c.R.PathValue("id")}, in.Fingerprint)
	if err != nil {
		return err
	}
	return answer(c, LicenseFile{
		Serial: file.Serial, License: file.License, DeviceID: file.Device, IssuedAt: at(file.Issued), Until: at(file.Until),
		KeyID: file.KeyID, FileName: file.Name, Text: file.Text,
	})
}

// revocations gives everybody the signed list: a product without a token has to see it too, and it names nobody.
func (f *Face) revocations(c *web.Context) error {
	if err := f.spend(c); err != nil {
		return err
	}
	list, err := f.Activation.Revocations(c.Context())
	if err != nil {
		return err
	}
	tag := fmt.Sprintf(`"%d-%d"`, list.Number, list.IssuedAt.Unix())
	if unchanged(c, tag) {
		return nil
	}
	return answer(c, Revocations{Number: list.Number, IssuedAt: at(list.IssuedAt), Text: list.Text})
}

func (f *Face) keys(c *web.Context) error {
	if err := f.spend(c); err != nil {
		return err
	}
	list, err := f.Activation.PublicKeys(c.Context())
	if err != nil {
		return err
	}
	out := Keys{Keys: []SigningKey{}}
	for _, k := range list {
		out.Keys = append(out.Keys, SigningKey{
			ID: k.ID(), PublicKey: k.String(), State: k.State, MadeAt: at(k.MadeAt), CurrentAt: at(k.CurrentAt), RetiredAt: at(k.RetiredAt),
		})
	}
	return answer(c, out)
}

// spend counts what is asked without a token, by the network.
func (f *Face) spend(c *web.Context) error {
	left, err := f.Activation.Spend(c.Context(), c.Address, c.Now())
	c.Rate(&web.Rate{Name: "network", Limit: left.Limit.Burst, Every: left.Limit.Every, Left: left.Left, Reset: left.Reset})
	return err
}

// unchanged answers 304 where the program has this state already (RFC 9110, 13.1.2).
func unchanged(c *web.Context, tag string) bool {
	c.W.Header().Set("Etag", tag)
	c.W.Header().Set("Cache-Control", "no-cache")
	if c.R.Header.Get("If-None-Match") != tag {
		return false
	}
	c.W.WriteHeader(http.StatusNotModified)
	return true
}

func validity(v activation.Validity) Validity {
	out := Validity{Valid: v.Valid, Status: string(v.Status), Code: v.Code, Because: []Fact{}, Remedy: v.Remedy}
	for _, f := range v.Because {
		out.Because = append(out.Because, Fact{Code: f.Code, At: at(f.At)})
	}
	if d := v.Detail; d != nil {
		out.License = &License{
			ID: d.License, Product: d.Product, Kind: string(d.Kind), Status: string(v.Status), Usable: v.Valid,
			Starts: at(d.Starts), Ends: at(d.Ends), GraceUntil: at(d.GraceUntil), MaintenanceUntil: at(d.MaintenanceUntil),
			Features: texts(d.Features), Channels: texts(d.Channels),
			Usage: &Usage{Devices: d.Usage.Devices, DevicesMax: d.Usage.DevicesMax, Seats: d.Usage.Seats, SeatsMax: d.Usage.SeatsMax},
		}
		if d.Device != nil {
			one := device(*d.Device)
			out.Device = &one
		}
	}
	return out
}

func licensed(v license.View) License {
	s := v.State
	return License{
		ID: v.ID, Product: v.Product.ID, Kind: string(s.Kind), Status: string(s.Status), Usable: s.Usable(),
		Starts: at(s.Starts), Ends: at(s.Ends), GraceUntil: at(s.GraceUntil), MaintenanceUntil: at(s.MaintenanceUntil),
		Features: texts(s.Features), Channels: texts(s.Channels),
	}
}

func activated(a activation.Activation) Activation {
	return Activation{Device: device(a.Device), New: a.New, RenewSeconds: int(a.Renew / time.Second), Validity: validity(a.Validity)}
}

func device(d activation.Device) Device {
	return Device{
		ID: d.ID, Name: d.Name, Platform: d.Platform, ActivatedAt: at(d.ActivatedAt), SeenAt: at(d.SeenAt),
		SeatUntil: at(d.SeatUntil), OfflineUntil: at(d.OfflineUntil),
	}
}

// texts is a list that documents have as one even where it is empty.
func texts(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
