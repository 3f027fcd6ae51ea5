/** What tabs are called: by names that people can say to one another. */

const ANIMALS = ["Badger", "Crane", "Dolphin", "Egret", "Falcon", "Gecko", "Heron", "Ibex", "Jackal", "Kestrel", "Lynx", "Marten", "Newt", "Otter", "Puffin", "Quail", "Raven", "Seal", "Tapir", "Vole", "Wren", "Yak"];

/** Of a tab's id, which is hexadecimal; the number tells animals of a kind apart. */
export const nameOf = (id: string): string => `${ANIMALS[parseInt(id.slice(0, 4), 16) % ANIMALS.length]} ${parseInt(id.slice(4, 6), 16)}`;
