// Package inbox takes in what scanners lay into a folder, the hot folder.
//
// # What it promises
//
// Every file is accounted for: it is taken in and then lies in done/, it waits for
// its writer, or it lies in failed/ beside a note that says why. A file is moved
// to done/ only when its delivery is committed and its bytes were read back from
// the store. A crash in between delivers the file again under the same name of
// delivery, which the catalogue answers with the first receipt: no letter twice.
//
// A file is taken when its size and time stayed the same for a while and its end
// is there (PDF, JPEG, TIFF). One whose end does not come is taken after some
// patience all the same, so that the letter shows up with the reason why it
// cannot be opened; the same goes for files of zero bytes. A file that changes
// while it is read is not accepted. Links and special files are refused.
//
// The folder is asked again and again, since shares over NFS and SMB tell nobody
// of changes; and it is never left, whatever names are in it. The subfolder that a
// file lies in goes into the record as the device: one for each scanner, or
// department.
//
// # What it leaves to others
//
// Accepting, and knowing the same bytes again, is the catalogue's; opening is
// that of the pipeline.
package inbox
