-- How to call a requester who has no address, or answers sooner there. Twin of the file with the same name for the other
-- database.

alter table ticket add column requester_phone text;
