// Package ocr reads the pictures of pages: the step "read". It is the only room
// that knows tesseract and Leptonica.
//
// # What it promises
//
// [Room.Step] fills in Page.Blank, Page.Ink and Page.Reading of every page that
// carries no good text of its own, and keeps the words with their places,
// baselines and confidences as a [blattwerk/pipeline.PageText]. The kept
// picture is never changed: turning, straightening and cleaning happen to a copy
// that is read and thrown away, and what was done is recorded. A page that
// cannot be read is a fault with a reason; it does not touch other documents.
//
// # How it is built
//
// Foreign C code reads bytes that strangers sent, so it runs in child processes
// of our own binary (see [blattwerk/pipeline/child]) with a memory limit and a
// deadline for each page. That is also the only reliable way to stop tesseract:
// its cancel callback is not asked during layout analysis. The children run one
// thread each (OMP_THREAD_LIMIT=1): two threads gain 8 % of time for 48 % more
// CPU, and several children with threads fight. What OpenMP costs even one thread,
// a tenth of a page, serial.go saves.
//
// gosseract drives tesseract: life cycle, languages, variables. What it lacks goes
// over the C interfaces of the same libraries: pictures in and words with boxes,
// baselines and confidences out after one recognition (result.go, on the handle
// that gosseract owns), Leptonica's page operations (pix.go) and, where Leptonica
// is unsure how a page stands, tesseract's finder of orientation (osd.go). Every
// start of tesseract would load tables that only its old recogniser used;
// legacy.go keeps it from that, and lines.go from packing and unpacking every line of
// a page.
//
// What Leptonica decodes wrongly or not at all is decoded here over the C
// interfaces of the libraries that it uses itself: JPEG 2000 of any layout (jp2.c),
// TIFF in tiles and planes (tiff.c), PNG and TIFF row by row (rows.c), and what is transparent in
// GIF and PNG (opaque.go). Large pictures are scaled down while they are decoded
// (fit.c, jpeg.c, jp2.c), and large pages read in strips (parts.go), so that a sheet
// of A0 never stands in memory as a whole.
//
// A page is looked over at 150 dpi first: is it blank, along which axis do its
// lines run, where is up, how skewed is it. Then it is turned, straightened, its
// background levelled, its paper made white, its specks painted over if it is
// full of them, and read. Pale print is stretched by its contrast instead
// (points in read.go), unless the grain of the paper would become marks (evened), and a page that looks empty is looked at once more for lines
// of faint print before it is called blank (faint.go). A second look (in another
// direction if the orientation is uncertain, else as one column of text) is taken only
// where the first made little sense. The models know no ², no ³ and hardly a §: where
// a sign stands tells it from the digit for which it was taken, and the powers of a page are
// read once more as one line (signs.go). Strokes that were taken for letters are left out
// (noise.go), and a received stamp is read after the page on which it was set
// (stamp.go). Words are then put into the order of people: by cells where rules are
// drawn (rules.go finds them, cells.go reads them row by row), by gaps where the engine
// ran columns together (order.go). A page that has idle cores beside it is
// read in two halves (look.go). Pages finer than 400 dpi are read at 300, very large
// ones more coarsely, pages whose letters are a few pixels high are enlarged (enlarge.go),
// and boxes are given in pixels of the full page. While the picture
// is open, the quality of the scan is measured (quality.go).
//
// Leptonica gives the same answer for bad bytes and for want of memory. Bytes
// are called damaged only if there would have been memory enough; else the child
// gives up, a fresh one tries once more, and then a person is asked.
//
// # What was tried and left
//
// The first language alone with all as a second look: 8 % less time, but § and
// file references come out wrong, and neither confidence nor the share of words
// in the dictionary tells the pages on which they do. One uniform block
// (segmentation 6): 7 % less time, one word in twelve lost. One column
// (segmentation 4): reads forms and letterheads across their columns. Switching
// off the look for inverted text: no gain.
//
// # What it leaves to others
//
// Files become page pictures in [blattwerk/pipeline/scan], which borrows
// [Room.Decode] and [Room.Probe]; words become text under a page in
// [blattwerk/pipeline/pdfa].
//
// Blank backs are judged here and not at opening, because the child has the
// decoded picture at hand anyway; decoding each page twice would cost more than
// the judgement.
package ocr
