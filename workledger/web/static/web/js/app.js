// Every behaviour of the frame and the components. Each module listens on the document, so what htmx swaps in works too.
import "./requests.js";
import "./theme.js";
import "./rail.js";
import "./trail.js";
import "./palette.js";
import "./menu.js";
import "./dialog.js";
import "./toast.js";
import "./table.js";
import "./columns.js";
import "./selection.js";
import "./filters.js";
import "./forms.js";
import "./fields.js";
import "./combobox.js";
import "./chart.js";
import "./timegrid.js";
