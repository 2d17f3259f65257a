package browser

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
)

// Downloads has the window keep files in a folder of their own, which is returned.
func (p *Page) Downloads() string {
	p.t.Helper()
	folder := p.t.TempDir()
	own, err := call(p, target.GetTargetInfo, target.GetTargetInfoParams{}, func() {})
	if err != nil {
		p.fail("ask for the window: %v", err)
	}
	p.do("keep downloads", command(browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: own.TargetInfo.BrowserContextID, DownloadPath: folder,
	}))
	return folder
}

// Downloaded waits for a file of this name and size in a folder.
func Downloaded(folder, name string, size int64) bool {
	info, err := os.Stat(filepath.Join(folder, name))
	return err == nil && info.Size() == size
}

// Cookies are what the window shows to the portal, for a program that goes on where a browser was.
func (p *Page) Cookies() string {
	p.t.Helper()
	kept, err := call(p, network.GetCookies, network.GetCookiesParams{}, func() {})
	if err != nil {
		p.fail("look at the cookies: %v", err)
	}
	var all []string
	for _, c := range kept.Cookies {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

// Link is the address that words of the page lead to.
func (p *Page) Link(words string) string {
	p.t.Helper()
	return p.ask(`(Array.from(document.querySelectorAll('a[href]')).find(a => a.innerText.trim().startsWith(` + strconv.Quote(words) + `)) || {}).href || ''`)
}
