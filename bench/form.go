package main

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// A form is what a browser would send of a page's form.
type form struct {
	action string
	id     string
	names  []string
	values url.Values
}

// forms reads the forms of a page that are sent by POST.
func forms(page []byte) ([]form, error) {
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return nil, err
	}
	var all []form
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && strings.EqualFold(attr(n, "method"), "post") {
			all = append(all, readForm(n))
		}
	}
	return all, nil
}

func readForm(n *html.Node) form {
	f := form{action: attr(n, "action"), id: attr(n, "id"), values: url.Values{}}
	for c := range n.Descendants() {
		name := attr(c, "name")
		if c.Type != html.ElementNode || name == "" {
			continue
		}
		f.names = append(f.names, name)
		switch c.Data {
		case "input":
			switch attr(c, "type") {
			case "radio", "checkbox":
				if has(c, "checked") {
					f.values.Add(name, attr(c, "value"))
				}
			case "submit", "button", "image", "file":
			default:
				f.values.Add(name, attr(c, "value"))
			}
		case "select":
			f.values.Add(name, chosen(c))
		case "textarea":
			f.values.Add(name, textOf(c))
		}
	}
	return f
}

// chosen is the selected option, or else the first.
func chosen(n *html.Node) string {
	value, found := "", false
	for c := range n.Descendants() {
		if c.Data == "option" && (!found || has(c, "selected")) {
			if value = attr(c, "value"); !has(c, "value") {
				value = textOf(c)
			}
			found = true
		}
	}
	return value
}

func textOf(n *html.Node) string {
	var s strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			s.WriteString(c.Data)
		}
	}
	return s.String()
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// formTo is the form of the page that goes to an action.
func formTo(page []byte, action string) (form, error) {
	all, err := forms(page)
	if err != nil {
		return form{}, err
	}
	var actions []string
	for _, f := range all {
		if f.action == action {
			return f, nil
		}
		actions = append(actions, f.action)
	}
	return form{}, fmt.Errorf("no form to %s; there are %v on: %s", action, actions, said(page))
}

// fill sets fields of the form. A field that it does not have is an error.
func (f form) fill(values map[string]string) (form, error) {
	for name, v := range values {
		if !slices.Contains(f.names, name) {
			return f, fmt.Errorf("the form to %s has no field %q; it has %v", f.action, name, f.names)
		}
		f.values.Set(name, v)
	}
	return f, nil
}
