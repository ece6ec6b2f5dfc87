package access_test

import (
	"slices"
	"testing"

	"blattwerk/pipeline"
	"blattwerk/web/access"
)

func TestPersonMayAndSees(t *testing.T) {
	dept := []pipeline.DeptID{"20", "32"}
	for _, c := range []struct {
		name   string
		person access.Person
		may    []access.Action
		not    []access.Action
		sees   []pipeline.DeptID
		all    bool
	}{
		{"nobody", access.Person{}, nil, []access.Action{access.Enter, access.Find, access.Manage}, nil, false},
		{"mailroom", access.Person{Roles: []access.Role{access.Mailroom}}, []access.Action{access.Hand, access.Sort, access.Keep}, []access.Action{access.Manage, access.Work, access.Audit}, nil, true},
		{"department", access.Person{Roles: []access.Role{access.Department}, Departments: dept}, []access.Action{access.Find, access.Work}, []access.Action{access.Sort, access.Keep, access.Count}, dept, false},
		{"department of none", access.Person{Roles: []access.Role{access.Department}}, []access.Action{access.Find}, nil, nil, false},
		{"departments without the role", access.Person{Roles: []access.Role{access.Auditor}, Departments: dept}, []access.Action{access.Audit}, []access.Action{access.Find}, nil, false},
		{"administrator", access.Person{Roles: []access.Role{access.Administrator}}, []access.Action{access.Manage}, []access.Action{access.Find, access.Hand}, nil, false},
		{"at the machine", access.Person{Everything: true}, []access.Action{access.Manage, access.Find, access.Audit}, nil, nil, true},
	} {
		for _, a := range c.may {
			if !c.person.May(a) {
				t.Errorf("%s may not %s", c.name, a)
			}
		}
		for _, a := range c.not {
			if c.person.May(a) {
				t.Errorf("%s may %s", c.name, a)
			}
		}
		sees := c.person.Sees()
		if (sees == nil) != c.all || !slices.Equal(sees, c.sees) {
			t.Errorf("%s sees %v", c.name, sees)
		}
	}
	if access.From(t.Context()).May(access.Enter) {
		t.Error("a request without a person may enter")
	}
}
