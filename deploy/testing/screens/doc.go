// Command screens starts Blattwerk with the sample letters, signs in as a person
// of each role, walks along the links of the pages that the person sees, and
// takes a picture of each page into docs/screens: in German and in English, on a
// desk's screen and on a telephone of 320 pixels. Before that the people have
// worked a little, so that the pages show what they are for.
//
// Each page is held against axe-core in both languages and must not need to be
// scrolled sideways on 320 pixels; the command ends with 1 if one does not pass.
// New pages are found by themselves, since pages are reached by links.
//
//	go run ./deploy/testing/screens [-out docs/screens] [-program bin/blattwerk]
package main
