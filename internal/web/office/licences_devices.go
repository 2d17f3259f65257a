package office

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"vestibule/internal/activation"
	"vestibule/internal/license"
	"vestibule/internal/staff"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// devicesForm is the place in the list of devices.
type devicesForm struct {
	From string `form:"from,max=40"`
}

// whose is the licence of the path as its own organisation asks for it.
func (f *Face) whose(c *web.Context) (license.Case, activation.Asked, error) {
	k, err := f.s.Licenses.Case(c.Context(), c.R.PathValue("id"))
	return k, activation.Asked{Organization: k.Organization, License: k.ID}, err
}

func (f *Face) licenceDevices(c *web.Context) error {
	var in devicesForm
	if err := c.Form(&in); err != nil {
		return err
	}
	k, whose, err := f.whose(c)
	if err != nil {
		return err
	}
	list, err := f.s.Activation.Devices(c.Context(), whose, in.From)
	if err != nil {
		return err
	}
	p := licenceDevicesOf(c.Frame(), k, list, c.Now(), c.Who().Can(string(staff.LicensesManage)))
	if in.From != "" {
		p.First = p.Href
	}
	if c.R.URL.Query().Get("done") == "removed" {
		p.Done = c.T("office.device.removed")
	}
	return c.Page(http.StatusOK, licenceDevicesView(p))
}

// licenceDevicesOf makes the page of a licence's devices.
func licenceDevicesOf(f *ui.Frame, k license.Case, list activation.Devices, now time.Time, manages bool) licenceDevicesPage {
	p := licenceDevicesPage{
		Frame: f, Back: licenceHref(k.ID), Organization: k.OrganizationName, Product: k.Product.Name, Manages: manages,
		Devices: taken(f, "device.usage.devices", list.Usage.Devices, list.Usage.DevicesMax), Seats: taken(f, "device.usage.seats", list.Usage.Seats, list.Usage.SeatsMax),
	}
	p.Href = p.Back + "/devices"
	if list.More != "" {
		p.Next = p.Href + "?from=" + url.QueryEscape(list.More)
	}
	for _, d := range list.List {
		row := deviceRow{
			Name: nameOf(f, d), Platform: d.Platform, Activated: f.Words.ShortDate(d.ActivatedAt), Seen: f.Words.ShortDateTime(d.SeenAt),
			Tone: ui.Off, Use: f.T("device.idle"), Remove: removalHref(k.ID, d.ID),
		}
		switch {
		case d.OfflineUntil.After(now):
			row.Tone, row.Use = ui.OK, f.T("device.offline", "until", f.Words.ShortDateTime(d.OfflineUntil))
		case d.SeatUntil.After(now):
			row.Tone, row.Use = ui.OK, f.T("device.in-use", "until", f.Words.ShortDateTime(d.SeatUntil))
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// taken says how much of what there is is taken; a limit of 0 is none.
func taken(f *ui.Frame, key string, n, most int) string {
	if most == 0 {
		return f.T(key+"-any", "n", strconv.Itoa(n))
	}
	return f.T(key+"-of", "n", strconv.Itoa(n), "max", strconv.Itoa(most))
}

func nameOf(f *ui.Frame, d activation.Device) string {
	if d.Name == "" {
		return f.T("device.unnamed")
	}
	return d.Name
}

func removalHref(licence, device string) string {
	return licenceHref(licence) + "/devices/" + url.PathEscape(device) + "/remove"
}

func (f *Face) licenceDeviceRemoval(c *web.Context) error {
	k, whose, err := f.whose(c)
	if err != nil {
		return err
	}
	_, d, err := f.s.Activation.Device(c.Context(), whose, c.R.PathValue("device"))
	if err != nil {
		return err
	}
	return c.Page(http.StatusOK, licenceDeviceRemovalView(licenceRemovalOf(c.Frame(), k, d, c.Now())))
}

// licenceRemovalOf makes the page that asks before a device is removed.
func licenceRemovalOf(f *ui.Frame, k license.Case, d activation.Device, now time.Time) licenceDeviceRemovalPage {
	p := licenceDeviceRemovalPage{
		Frame: f, Organization: k.OrganizationName, Product: k.Product.Name, Name: nameOf(f, d), Href: removalHref(k.ID, d.ID), Devices: licenceHref(k.ID) + "/devices",
	}
	if d.Platform != "" {
		p.Facts = append(p.Facts, ui.Fact{Term: f.T("device.platform"), Text: d.Platform})
	}
	p.Facts = append(p.Facts,
		ui.Fact{Term: f.T("device.activated"), Text: f.Words.DateTime(d.ActivatedAt)}, ui.Fact{Term: f.T("device.seen"), Text: f.Words.DateTime(d.SeenAt)})
	if d.OfflineUntil.After(now) {
		p.Offline = f.Words.DateTime(d.OfflineUntil)
	}
	return p
}

func (f *Face) removeLicenceDevice(c *web.Context) error {
	k, whose, err := f.whose(c)
	if err != nil {
		return err
	}
	if err := f.s.Activation.Remove(c.Context(), whose, c.R.PathValue("device")); err != nil {
		return err
	}
	return c.SeeOther(licenceHref(k.ID) + "/devices?done=removed")
}
