// Package storage keeps bytes: write-once objects in a directory ([Dir]) or in
// an S3 bucket ([S3]), the blobs that steps leave for each other ([Blobs]), and
// the archive of everything that was kept ([Archive]).
//
// # What it promises
//
// A [Store] acknowledges a write only when the bytes are durable, gives a key
// away once, and never shows half an object, whatever kills the process. What it
// cannot promise it says: a directory enforces retention in this program only, so
// its objects are never reported as locked; an S3 object is reported as locked
// only after the server itself said so.
//
// [Archive.Step] is the archive step. It refuses a document that was not
// validated as PDF/A or whose filing is still a guess, writes everything of one
// letter under one prefix, the manifest last as the mark of completeness, and
// reads every byte back before it calls the letter archived. It can be repeated
// after a crash at any point and gives the same bytes. A letter that is archived
// and then filed anew by a person, handed on, or worked on, gets an [Amendment]
// beside its manifest, which stays as it is; nothing else of an archived letter can
// be corrected. The format is described for strangers in docs/archive-format.md.
//
// # What it leaves to others
//
// What is in progress, and who may see what, is the catalogue's business
// ([blattwerk/storage/catalog]). When a step is tried again is the belt's
// ([blattwerk/workers]). Deleting records when their time has come is decided
// elsewhere; the store only refuses while they are retained.
//
// # Decisions
//
//   - A directory object is written to a temporary file, hashed, synced, and
//     given its name by link(2), which fails if the name is taken: put-if-absent
//     without a lock, between processes too. The folder is synced before the
//     write is acknowledged.
//   - A directory keeps retention in a note beside the objects
//     (.blattwerk/retain/<key>), not in an extended attribute or a time stamp:
//     notes survive copying by any tool, and a person can read them.
//   - S3 objects are sent in one PUT with If-None-Match and their SHA-256, since
//     the high-level multipart path of minio-go drops the condition. That bounds
//     an object to 5 GiB.
//   - [Blobs.Open] reads and verifies the whole blob before it gives out the
//     first byte. Only so a random read can never return other bytes than were
//     put, and a letter is small.
package storage
