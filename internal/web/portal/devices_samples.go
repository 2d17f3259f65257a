package portal

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/activation"
	"vestibule/internal/license"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
	"vestibule/license/verify"
)

func sampleDevices() activation.Devices {
	l := license.License{ID: "1", Product: license.Product{ID: "gwma", Name: "Meeting Add-On for GroupWise"}}
	now := began().Add(12 * 24 * time.Hour)
	return activation.Devices{
		License: l, State: license.State{Status: license.StatusActive, Lease: time.Hour, FileDays: 7, Ends: began().AddDate(0, 0, 30)},
		Usage: activation.Usage{Devices: 3, DevicesMax: 5, Seats: 2, SeatsMax: 10},
		List: []activation.Device{
			{ID: "3", Name: "Meeting room 2", ActivatedAt: now.Add(-24 * time.Hour), SeenAt: now.Add(-24 * time.Hour), SeatUntil: now.Add(6 * 24 * time.Hour), OfflineUntil: now.Add(6 * 24 * time.Hour)},
			{ID: "2", Name: "HVC-LT-0427", Platform: "Windows 11", ActivatedAt: now.Add(-48 * time.Hour), SeenAt: now.Add(-5 * time.Minute), SeatUntil: now.Add(55 * time.Minute)},
			{ID: "1", ActivatedAt: now.Add(-72 * time.Hour), SeenAt: now.Add(-26 * time.Hour), SeatUntil: now.Add(-25 * time.Hour)},
		},
	}
}

func sampleAnswer() activation.Answer {
	d := sampleDevices()
	code := make([]byte, 130)
	for i := range code {
		code[i] = byte(i * 37)
	}
	return activation.Answer{
		License: d.License, Device: d.List[0], File: activation.File{Until: d.List[0].OfflineUntil},
		Groups: activation.Groups(verify.EncodeGroups(code)),
	}
}

func deviceSamples() []web.Sample {
	micros := began().Add(12 * 24 * time.Hour).UnixMicro()
	list := func(change func(*activation.Devices), then func(*devicesPage)) func(*ui.Frame) templ.Component {
		return func(f *ui.Frame) templ.Component {
			d := sampleDevices()
			change(&d)
			p := devicesOf(f, d, micros)
			then(&p)
			return devicesView(p)
		}
	}
	same, plain := func(*activation.Devices) {}, func(*devicesPage) {}
	offline := func(then func(*offlinePage)) func(*ui.Frame) templ.Component {
		return func(f *ui.Frame) templ.Component {
			d := sampleDevices()
			p := offlineOf(f, d.License, d.State)
			then(&p)
			return offlineView(p)
		}
	}
	removal := func(i int) func(*ui.Frame) templ.Component {
		return func(f *ui.Frame) templ.Component {
			d := sampleDevices()
			p := removalOf(f, d.License.ID, d.License.Product.Name, d.List[i])
			if i == 0 {
				p.Offline = f.Words.DateTime(d.List[i].OfflineUntil)
			}
			return deviceRemoveView(p)
		}
	}
	return []web.Sample{
		signedInSample("devices", list(func(d *activation.Devices) { d.More = "1" }, plain)),
		signedInSample("devices-none", list(func(d *activation.Devices) { d.List, d.Usage = nil, activation.Usage{} }, plain)),
		signedInSample("devices-removed", list(same, func(p *devicesPage) {
			p.Done, p.DoneTone, p.List, p.Later = p.T("device.removed-offline"), ui.Warn, p.Offline+"/list", true
		})),
		signedInSample("device-remove", removal(1)),
		signedInSample("device-remove-offline", removal(0)),
		signedInSample("offline", offline(func(*offlinePage) {})),
		signedInSample("offline-slip", offline(func(p *offlinePage) {
			p.Errors = ui.Errors{{Field: "request", Text: p.T("fault.request-group", "group", "3")}}
			p.Request, p.Name = "24000G 40R40M 30E209", "Meeting room 2"
		})),
		signedInSample("offline-refused", func(f *ui.Frame) templ.Component {
			d := sampleDevices()
			d.State.Status = license.StatusExpired
			return offlineView(offlineOf(f, d.License, d.State))
		}),
		signedInSample("offline-answer", func(f *ui.Frame) templ.Component {
			p := answerOf(f, sampleAnswer())
			p.Done = p.T("offline.answer.done", "name", p.Name, "until", p.Until)
			return answerView(p)
		}),
		signedInSample("offline-answer-long", func(f *ui.Frame) templ.Component {
			a := sampleAnswer()
			a.Groups = nil
			return answerView(answerOf(f, a))
		}),
	}
}
