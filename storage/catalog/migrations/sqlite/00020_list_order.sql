-- +goose Up
-- Letters of one stack came at the same moment: lists put them by their number.
DROP INDEX document_newest;
DROP INDEX document_state;
DROP INDEX document_department;
CREATE INDEX document_newest ON document (received DESC, year DESC, number DESC, id DESC);
CREATE INDEX document_state ON document (state, received DESC, year DESC, number DESC, id DESC);
CREATE INDEX document_department ON document (department, received DESC, year DESC, number DESC, id DESC);

-- +goose Down
DROP INDEX document_department;
DROP INDEX document_state;
DROP INDEX document_newest;
CREATE INDEX document_newest ON document (received DESC, id DESC);
CREATE INDEX document_state ON document (state, received DESC, id DESC);
CREATE INDEX document_department ON document (department, received DESC, id DESC);
