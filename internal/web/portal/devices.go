package portal

import (
	"net/http"
	"net/url"
	"strconv"

	"vestibule/internal/activation"
	"vestibule/internal/organization"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

func (f *Face) deviceRoutes() []web.Route {
	technical := web.Member(string(organization.Administrator), string(organization.Technical))
	return []web.Route{
		web.Row(technical, "GET /portal/licences/{id}/devices", f.devices),
		web.Row(technical, "GET /portal/licences/{id}/devices/{device}/remove", f.deviceRemoval),
		web.Row(technical, "POST /portal/licences/{id}/devices/{device}/remove", f.removeDevice),
		web.Row(technical, "GET /portal/licences/{id}/offline", f.offline),
		web.Row(technical, "POST /portal/licences/{id}/offline", f.activateOffline),
		web.Row(technical, "POST /portal/licences/{id}/offline/file", f.activateByFile),
		web.Row(technical, "GET /portal/licences/{id}/offline/list", f.withdrawnList),
		web.Row(technical, "GET /portal/licences/{id}/offline/{device}", f.offlineAnswer),
		web.Row(technical, "GET /portal/licences/{id}/offline/{device}/file", f.offlineFile),
	}
}

func devicesHref(licence string) string { return licenceHref(licence) + "/devices" }

func deviceRemoveHref(licence, device string) string {
	return devicesHref(licence) + "/" + url.PathEscape(device) + "/remove"
}

// asked is the licence of the path as the organisation of the session asks for it.
func askedFor(c *web.Context) activation.Asked {
	return activation.Asked{Organization: c.Who().Organization, License: c.R.PathValue("id")}
}

func (f *Face) devices(c *web.Context) error {
	from := c.R.URL.Query().Get("from")
	if len(from) > 40 {
		from = ""
	}
	list, err := f.Activation.Devices(c.Context(), askedFor(c), from)
	if err != nil {
		return err
	}
	p := devicesOf(c.Frame(), list, c.Now().UnixMicro())
	p.Later = from != ""
	switch c.R.URL.Query().Get("done") {
	case "removed":
		p.Done, p.DoneTone = c.T("device.removed"), ui.OK
	case "removed-offline":
		p.Done, p.DoneTone, p.List = c.T("device.removed-offline"), ui.Warn, offlineHref(c.R.PathValue("id"))+"/list"
	}
	return c.Page(http.StatusOK, devicesView(p))
}

// devicesOf shows a page of the list as it is at an instant.
func devicesOf(f *ui.Frame, list activation.Devices, micros int64) devicesPage {
	id := list.License.ID
	p := devicesPage{
		Frame: f, Product: list.License.Product.Name, Back: licenceHref(id), Href: devicesHref(id), Offline: offlineHref(id),
		Lease:   f.Words.Long(list.State.Lease),
		Devices: counted(f, "device.usage.devices", list.Usage.Devices, list.Usage.DevicesMax),
		Seats:   counted(f, "device.usage.seats", list.Usage.Seats, list.Usage.SeatsMax),
	}
	if list.More != "" {
		p.More = p.Href + "?from=" + url.QueryEscape(list.More)
	}
	for _, d := range list.List {
		row := deviceRow{
			Name: deviceName(f, d), Platform: d.Platform, Activated: f.Words.ShortDate(d.ActivatedAt), Seen: f.Words.ShortDateTime(d.SeenAt),
			Tone: ui.Off, Use: f.T("device.idle"), Remove: deviceRemoveHref(id, d.ID),
		}
		switch {
		case d.OfflineUntil.UnixMicro() > micros:
			row.Tone, row.Use, row.Answer = ui.OK, f.T("device.offline", "until", f.Words.ShortDateTime(d.OfflineUntil)), answerHref(id, d.ID)
		case d.SeatUntil.UnixMicro() > micros:
			row.Tone, row.Use = ui.OK, f.T("device.in-use", "until", f.Words.ShortDateTime(d.SeatUntil))
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

func deviceName(f *ui.Frame, d activation.Device) string {
	if d.Name == "" {
		return f.T("device.unnamed")
	}
	return d.Name
}

// counted says how much of what there is is taken; a limit of 0 is none.
func counted(f *ui.Frame, key string, n, most int) string {
	if most == 0 {
		return f.T(key+"-any", "n", strconv.Itoa(n))
	}
	return f.T(key+"-of", "n", strconv.Itoa(n), "max", strconv.Itoa(most))
}

func (f *Face) deviceRemoval(c *web.Context) error {
	l, d, err := f.Activation.Device(c.Context(), askedFor(c), c.R.PathValue("device"))
	if err != nil {
		return err
	}
	frame := c.Frame()
	p := removalOf(frame, l.ID, l.Product.Name, d)
	if d.OfflineUntil.After(c.Now()) {
		p.Offline = c.Words.DateTime(d.OfflineUntil)
	}
	return c.Page(http.StatusOK, deviceRemoveView(p))
}

func removalOf(f *ui.Frame, licence, product string, d activation.Device) deviceRemovePage {
	p := deviceRemovePage{
		Frame: f, Product: product, Href: deviceRemoveHref(licence, d.ID), Devices: devicesHref(licence), Name: deviceName(f, d),
	}
	if d.Platform != "" {
		p.Facts = append(p.Facts, ui.Fact{Term: f.T("device.platform"), Text: d.Platform})
	}
	p.Facts = append(p.Facts,
		ui.Fact{Term: f.T("device.activated"), Text: f.Words.DateTime(d.ActivatedAt)},
		ui.Fact{Term: f.T("device.seen"), Text: f.Words.DateTime(d.SeenAt)})
	return p
}

func (f *Face) removeDevice(c *web.Context) error {
	a := askedFor(c)
	_, d, err := f.Activation.Device(c.Context(), a, c.R.PathValue("device"))
	if err != nil {
		return err
	}
	if err := f.Activation.Remove(c.Context(), a, d.ID); err != nil {
		return err
	}
	done := "removed"
	if d.OfflineUntil.After(c.Now()) {
		done = "removed-offline"
	}
	return c.SeeOther(devicesHref(a.License) + "?done=" + done)
}
