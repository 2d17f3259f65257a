package staff

import "slices"

// A Role is what a member of staff is there for. A person can have several.
type Role string

// The roles.
const (
	Approver       Role = "approver"
	Helpdesk       Role = "helpdesk"
	ReleaseManager Role = "release-manager"
	Auditor        Role = "auditor"
	Administrator  Role = "administrator"
)

// Roles are all roles, in the order in which people read them.
func Roles() []Role { return []Role{Approver, Helpdesk, ReleaseManager, Auditor, Administrator} }

// ParseRole returns the role of that name.
func ParseRole(name string) (Role, bool) {
	r := Role(name)
	return r, slices.Contains(Roles(), r)
}

// A Permission is one thing that a route of the back office can ask for.
type Permission string

// The permissions. Each is named after what it is about and how far it goes; to change a thing one must also be able to see it,
// so every Decide, Help and Manage stands beside its View in the table.
const (
	RequestsView      Permission = "requests.view"
	RequestsDecide    Permission = "requests.decide"
	OrganizationsView Permission = "organizations.view"
	AccountsView      Permission = "accounts.view"
	AccountsHelp      Permission = "accounts.help"
	LicensesView      Permission = "licenses.view"
	LicensesManage    Permission = "licenses.manage"
	ProductsManage    Permission = "products.manage"
	ReleasesView      Permission = "releases.view"
	ReleasesManage    Permission = "releases.manage"
	MessagesView      Permission = "messages.view"
	MessagesManage    Permission = "messages.manage"
	AuditView         Permission = "audit.view"
	SettingsManage    Permission = "settings.manage"
	StaffManage       Permission = "staff.manage"
)

// Permissions are all permissions, in the order of the table.
func Permissions() []Permission {
	return []Permission{
		RequestsView, RequestsDecide, OrganizationsView, AccountsView, AccountsHelp,
		LicensesView, LicensesManage, ProductsManage, ReleasesView, ReleasesManage,
		MessagesView, MessagesManage, AuditView, SettingsManage, StaffManage,
	}
}

// Grants is the table of role × permission: what a role does not stand for, it does not get (ASVS V8.1.1, V8.2.1).
//
// The auditor sees everything and changes nothing. The administrator runs the portal and can therefore do all of it.
func (r Role) Grants() []Permission {
	switch r {
	case Approver:
		return []Permission{RequestsView, RequestsDecide, OrganizationsView, LicensesView, LicensesManage}
	case Helpdesk:
		return []Permission{RequestsView, OrganizationsView, AccountsView, AccountsHelp, LicensesView, ReleasesView, MessagesView, MessagesManage}
	case ReleaseManager:
		return []Permission{OrganizationsView, LicensesView, ReleasesView, ReleasesManage}
	case Auditor:
		return []Permission{RequestsView, OrganizationsView, AccountsView, LicensesView, ReleasesView, MessagesView, AuditView}
	case Administrator:
		return Permissions()
	}
	return nil
}

// May reports whether one of the roles grants the permission.
func May(roles []Role, p Permission) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(r.Grants(), p) })
}
