// Package visitor is what the portal shows to whoever has not come in yet: the
// request for access, the registration, the sign-in, and the pages that say
// what is still missing.
//
// Each capability has a face of its own ([Request], [Register], [SignIn],
// [StaffEnrol]) with one table of routes. A face reads a form, calls one method
// of its Service and shows a page; it decides nothing and knows no database. In
// a dialogue of several steps the stored row says which page comes next.
package visitor
