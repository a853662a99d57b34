<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- Files with a line for each certificate: the form and the list, one batch, and the page that asks before it is started. -->

    <xsl:template match="desk-bulk" mode="title"><m:t k="desk.bulk.title"/></xsl:template>
    <xsl:template match="desk-bulk" mode="main">
        <xsl:call-template name="desk-nav"/>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="desk.bulk.title"/></h1>
        <p><m:t k="desk.bulk.lead"/></p>
        <form method="post" action="/helpdesk/bulk" enctype="multipart/form-data" class="card bulk-form">
            <xsl:call-template name="csrf"/>
            <fieldset>
                <legend><m:t k="desk.bulk.kind"/></legend>
                <xsl:for-each select="kind">
                    <label class="choice">
                        <input type="radio" name="kind" value="{@kind}" required="required">
                            <xsl:if test="@chosen"><xsl:attribute name="checked">checked</xsl:attribute></xsl:if>
                        </input>
                        <span><xsl:value-of select="i:message('desk.bulk.kind.', @kind)"/><small><xsl:value-of select="i:message('desk.bulk.hint.', @kind)"/></small></span>
                    </label>
                </xsl:for-each>
            </fieldset>
            <xsl:if test="choice">
                <div class="field">
                    <label for="institution"><m:t k="desk.institution"/></label>
                    <select id="institution" name="institution" required="required">
                        <option value=""><m:t k="desk.bulk.institution"/></option>
                        <xsl:for-each select="choice">
                            <option value="{@id}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><xsl:value-of select="i:name(.)"/></option>
                        </xsl:for-each>
                    </select>
                </div>
            </xsl:if>
            <div class="field">
                <label for="file"><m:t k="desk.bulk.file"/></label>
                <p class="hint" id="file-hint"><m:t k="desk.bulk.file.hint" lines="@lines-most" mib="@mib-most"/></p>
                <xsl:apply-templates select="problem" mode="beside"/>
                <input type="file" id="file" name="file" accept=".tsv,.txt,text/tab-separated-values,text/plain">
                    <xsl:attribute name="aria-describedby">file-hint<xsl:if test="problem"> file-problem</xsl:if></xsl:attribute>
                </input>
            </div>
            <details class="bulk-typed">
                <xsl:if test="@text"><xsl:attribute name="open">open</xsl:attribute></xsl:if>
                <summary><m:t k="desk.bulk.text"/></summary>
                <div class="field">
                    <label for="text"><m:t k="desk.bulk.text.label"/></label>
                    <textarea id="text" name="text" rows="6" class="mono" spellcheck="false" autocomplete="off"><xsl:value-of select="@text"/></textarea>
                </div>
            </details>
            <p class="actions"><button type="submit" class="main"><m:t k="desk.bulk.check"/></button></p>
            <p class="hint"><m:t k="desk.bulk.check.hint"/></p>
        </form>
        <section aria-labelledby="formats">
            <h2 id="formats"><m:t k="desk.bulk.formats"/></h2>
            <xsl:for-each select="kind">
                <details class="card bulk-format">
                    <summary><xsl:value-of select="i:message('desk.bulk.kind.', @kind)"/></summary>
                    <p><xsl:choose><xsl:when test="@headed"><m:t k="desk.bulk.headed"/></xsl:when><xsl:otherwise><m:t k="desk.bulk.bare"/></xsl:otherwise></xsl:choose></p>
                    <table class="bulk-columns">
                        <thead><tr>
                            <th scope="col"><m:t k="desk.bulk.column"/></th>
                            <th scope="col"><m:t k="desk.bulk.need"/></th>
                            <th scope="col"><m:t k="desk.bulk.what"/></th>
                        </tr></thead>
                        <tbody>
                            <xsl:variable name="bare" select="not(@headed)"/>
                            <xsl:for-each select="column">
                                <tr>
                                    <th scope="row" class="mono"><xsl:if test="$bare"><xsl:value-of select="position()"/><xsl:text> </xsl:text></xsl:if><xsl:value-of select="@column"/></th>
                                    <td><xsl:value-of select="i:message('desk.bulk.need.', @need)"/></td>
                                    <td>
                                        <xsl:value-of select="i:message('desk.bulk.column.', @column)"/>
                                        <xsl:if test="@most"><span class="sub"><m:t k="desk.bulk.most" most="@most"/></span></xsl:if>
                                        <xsl:if test="word"><span class="sub mono"><xsl:for-each select="word"><xsl:value-of select="."/><xsl:text> </xsl:text></xsl:for-each></span></xsl:if>
                                    </td>
                                </tr>
                            </xsl:for-each>
                        </tbody>
                    </table>
                </details>
            </xsl:for-each>
        </section>
        <section aria-labelledby="batches">
            <h2 id="batches"><m:t k="desk.bulk.batches"/></h2>
            <xsl:choose>
                <xsl:when test="batch">
                    <table class="requests desk-rows">
                        <thead><tr>
                            <th scope="col"><m:t k="desk.bulk.number"/></th>
                            <th scope="col"><m:t k="desk.bulk.file"/></th>
                            <th scope="col"><m:t k="dashboard.state"/></th>
                            <th scope="col"><m:t k="desk.bulk.by"/></th>
                        </tr></thead>
                        <tbody><xsl:for-each select="batch">
                            <tr data-batch="{@number}" data-state="{@state}">
                                <th scope="row"><a href="/helpdesk/bulk/{@number}" class="number"><m:t k="desk.batch.title" number="@number"/></a></th>
                                <td class="what"><xsl:value-of select="i:message('desk.bulk.kind.', @kind)"/><span class="memo"><xsl:call-template name="bulk-file"/></span><xsl:if test="institution"><span class="sub"><xsl:value-of select="i:name(institution)"/></span></xsl:if></td>
                                <td m:data-label="dashboard.state"><xsl:value-of select="i:message('desk.bulk.state.', @state)"/><span class="sub"><m:t k="desk.bulk.lines" lines="@lines"/></span></td>
                                <td m:data-label="desk.bulk.by"><xsl:value-of select="@made-by"/><span class="sub"><xsl:call-template name="moment"><xsl:with-param name="at" select="@made-at"/></xsl:call-template></span></td>
                            </tr>
                        </xsl:for-each></tbody>
                    </table>
                </xsl:when>
                <xsl:otherwise><p class="nothing"><m:t k="desk.bulk.none"/></p></xsl:otherwise>
            </xsl:choose>
            <xsl:if test="@before"><p class="table-links"><a href="/helpdesk/bulk?before={@before}"><m:t k="desk.next"/></a></p></xsl:if>
        </section>
    </xsl:template>

    <xsl:template name="bulk-file"><xsl:choose><xsl:when test="@file != ''"><xsl:value-of select="@file"/></xsl:when><xsl:otherwise><m:t k="desk.bulk.typed"/></xsl:otherwise></xsl:choose></xsl:template>

    <xsl:template match="desk-bulk/problem" mode="words" priority="2">
        <xsl:if test="@line"><m:t k="desk.bulk.line" line="@line"/><xsl:text> </xsl:text></xsl:if>
        <xsl:choose>
            <xsl:when test="i:has('desk.bulk.problem.', @rule)"><xsl:value-of select="i:message('desk.bulk.problem.', @rule)"/></xsl:when>
            <xsl:otherwise><m:t k="problem.other"/></xsl:otherwise>
        </xsl:choose>
        <xsl:if test="@value"><xsl:text> </xsl:text><code><xsl:value-of select="@value"/></code></xsl:if>
        <xsl:if test="@rule = 'column'">
            <xsl:text> </xsl:text><m:t k="desk.bulk.known"/><xsl:for-each select="../kind[@chosen]/column"><xsl:text> </xsl:text><code><xsl:value-of select="@column"/></code></xsl:for-each>
        </xsl:if>
    </xsl:template>

    <!-- One batch: before, while and after it is carried out. -->
    <xsl:template match="desk-batch" mode="title"><m:t k="desk.batch.title" number="batch/@number"/></xsl:template>
    <xsl:template match="desk-batch" mode="head">
        <xsl:if test="batch/@state = 'started'"><noscript><meta http-equiv="refresh" content="5"/></noscript></xsl:if>
    </xsl:template>
    <xsl:template match="desk-batch" mode="main">
        <xsl:variable name="page" select="."/>
        <xsl:call-template name="desk-nav"/>
        <xsl:call-template name="back"><xsl:with-param name="href">/helpdesk/bulk</xsl:with-param><xsl:with-param name="words"><m:t k="desk.bulk.back"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="notice"/>
        <h1><m:t k="desk.batch.title" number="batch/@number"/></h1>
        <xsl:for-each select="batch">
            <p class="which-one"><xsl:value-of select="i:message('desk.bulk.kind.', @kind)"/><span class="memo"><xsl:call-template name="bulk-file"/></span><xsl:if test="institution"><span class="sub"><xsl:value-of select="i:name(institution)"/></span></xsl:if></p>
        </xsl:for-each>
        <div id="progress" data-state="{batch/@state}">
            <xsl:if test="batch/@state = 'started'"><xsl:attribute name="data-poll">1</xsl:attribute></xsl:if>
            <p class="lead" role="status"><xsl:value-of select="i:message('desk.batch.state.', batch/@state)"/></p>
            <xsl:if test="batch/@state = 'started'">
                <progress class="bulk-bar" max="{batch/@lines}" value="{batch/@lines - batch/@will}" m:aria-label="desk.batch.bar"></progress>
            </xsl:if>
            <ol class="bulk-counts">
                <xsl:for-each select="batch/@will | batch/@done | batch/@skip | batch/@failed | batch/@bad | batch/@left">
                    <xsl:if test=". &gt; 0">
                        <li data-fate="{local-name()}" data-count="{.}"><a href="/helpdesk/bulk/{../@number}?fate={local-name()}#lines">
                            <xsl:if test="$page/@fate = local-name()"><xsl:attribute name="aria-current">true</xsl:attribute></xsl:if>
                            <strong><xsl:value-of select="."/></strong><xsl:text> </xsl:text><xsl:value-of select="i:message('desk.fate.', local-name())"/></a></li>
                    </xsl:if>
                </xsl:for-each>
            </ol>
            <xsl:if test="@second"><p class="hint"><m:t k="desk.batch.second"/></p></xsl:if>
            <xsl:if test="@start-key or @withdraw-key">
                <div class="actions">
                    <xsl:if test="@start-key">
                        <form method="post" action="/helpdesk/bulk/{batch/@number}/start">
                            <xsl:call-template name="csrf"/>
                            <xsl:call-template name="form-key"><xsl:with-param name="key" select="@start-key"/></xsl:call-template>
                            <button type="submit" class="main"><m:t k="desk.batch.start" count="batch/@will"/></button>
                        </form>
                    </xsl:if>
                    <xsl:if test="@withdraw-key">
                        <form method="post" action="/helpdesk/bulk/{batch/@number}/withdraw">
                            <xsl:call-template name="csrf"/>
                            <xsl:call-template name="form-key"><xsl:with-param name="key" select="@withdraw-key"/></xsl:call-template>
                            <button type="submit"><xsl:value-of select="i:message('desk.batch.withdraw.', batch/@state)"/></button>
                        </form>
                    </xsl:if>
                </div>
            </xsl:if>
        </div>
        <xsl:if test="batch/@state = 'started'"><p class="table-links"><a href="/helpdesk/bulk/{batch/@number}" id="progress-refresh"><m:t k="refresh"/></a></p></xsl:if>
        <xsl:if test="batch/@pins &gt; 0">
            <section class="card" aria-labelledby="pins">
                <h2 id="pins"><m:t k="desk.batch.pins"/></h2>
                <p><m:t k="desk.batch.pins.text" count="batch/@pins"/></p>
                <form method="post" action="/helpdesk/bulk/{batch/@number}/pins">
                    <xsl:call-template name="csrf"/>
                    <button type="submit"><m:t k="desk.batch.do.pins"/></button>
                </form>
            </section>
        </xsl:if>
        <section aria-labelledby="lines">
            <h2 id="lines"><xsl:choose>
                <xsl:when test="@fate"><xsl:value-of select="i:message('desk.fate.', @fate)"/></xsl:when>
                <xsl:otherwise><m:t k="desk.batch.lines"/></xsl:otherwise>
            </xsl:choose></h2>
            <p class="table-links">
                <xsl:if test="@fate or @later"><a href="/helpdesk/bulk/{batch/@number}#lines"><m:t k="desk.batch.all"/></a></xsl:if>
                <a href="/helpdesk/bulk/{batch/@number}/lines.tsv"><m:t k="desk.batch.tsv"/></a>
            </p>
            <table class="requests desk-rows bulk-lines">
                <thead><tr>
                    <th scope="col"><m:t k="desk.batch.line"/></th>
                    <th scope="col"><m:t k="desk.batch.cells"/></th>
                    <th scope="col"><m:t k="desk.batch.fate"/></th>
                    <th scope="col"><m:t k="desk.batch.request"/></th>
                </tr></thead>
                <tbody><xsl:for-each select="line">
                    <tr data-line="{@number}" data-fate="{@fate}">
                        <th scope="row"><xsl:value-of select="@number"/></th>
                        <td class="what"><xsl:for-each select="cell"><span class="bulk-cell"><span class="bulk-name"><xsl:value-of select="@name"/></span><xsl:text> </xsl:text><xsl:value-of select="."/></span><xsl:text> </xsl:text></xsl:for-each></td>
                        <td m:data-label="desk.batch.fate"><span class="fate fate-{@fate}"><xsl:value-of select="i:message('desk.fate.', @fate)"/></span><xsl:call-template name="bulk-why"/></td>
                        <td m:data-label="desk.batch.request"><xsl:choose><xsl:when test="@request"><a href="/helpdesk/requests/{@request}"><m:t k="number" number="@request"/></a></xsl:when><xsl:otherwise>–</xsl:otherwise></xsl:choose></td>
                    </tr>
                </xsl:for-each></tbody>
            </table>
            <xsl:if test="@after"><p class="table-links"><a href="/helpdesk/bulk/{batch/@number}?fate={@fate}&amp;after={@after}#lines"><m:t k="desk.next"/></a></p></xsl:if>
        </section>
        <xsl:for-each select="batch">
            <p class="hint">
                <m:t k="desk.batch.made" who="@made-by"><m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="@made-at"/></xsl:call-template></m:with></m:t>
                <xsl:if test="@started-at"><xsl:text> </xsl:text><m:t k="desk.batch.began" who="@started-by"><m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="@started-at"/></xsl:call-template></m:with></m:t></xsl:if>
                <xsl:if test="@ended-at"><xsl:text> </xsl:text><m:t k="desk.batch.ended"><m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="@ended-at"/></xsl:call-template></m:with></m:t></xsl:if>
            </p>
        </xsl:for-each>
    </xsl:template>

    <!-- The reason in words; a rule of policy has the words of the pages for its owner. -->
    <xsl:template name="bulk-why">
        <xsl:if test="@reason">
            <span class="sub"><xsl:choose>
                <xsl:when test="i:has('desk.bulk.why.', @reason)"><xsl:value-of select="i:message('desk.bulk.why.', @reason)"/></xsl:when>
                <xsl:otherwise><m:t k="desk.bulk.why.rule"/><xsl:text> </xsl:text><span class="mono"><xsl:value-of select="@reason"/></span></xsl:otherwise>
            </xsl:choose><xsl:if test="@field"><xsl:text> </xsl:text><span class="mono">(<xsl:value-of select="@field"/>)</span></xsl:if></span>
        </xsl:if>
    </xsl:template>

    <!-- Before it is started, or given up -->
    <xsl:template match="desk-batch-confirm" mode="title"><m:t k="desk.batch.ask.{@act}" number="batch/@number"/></xsl:template>
    <xsl:template match="desk-batch-confirm" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href" select="concat('/helpdesk/bulk/', batch/@number)"/><xsl:with-param name="words"><m:t k="desk.batch.back"/></xsl:with-param></xsl:call-template>
        <h1><m:t k="desk.batch.ask.{@act}" number="batch/@number"/></h1>
        <p class="lead"><xsl:value-of select="i:message('desk.bulk.kind.', batch/@kind)"/></p>
        <xsl:if test="@act != 'pins'"><ul class="bulk-counts">
            <xsl:for-each select="batch/@will | batch/@skip | batch/@bad | batch/@done | batch/@failed">
                <xsl:if test=". &gt; 0"><li data-fate="{local-name()}" data-count="{.}"><strong><xsl:value-of select="."/></strong><xsl:text> </xsl:text><xsl:value-of select="i:message('desk.fate.', local-name())"/></li></xsl:if>
            </xsl:for-each>
        </ul></xsl:if>
        <xsl:choose>
            <xsl:when test="@act = 'start'">
                <div class="warning">
                    <xsl:call-template name="icon-warn"/>
                    <div>
                        <p><strong><xsl:value-of select="i:message('desk.batch.means.', batch/@kind)"/></strong></p>
                        <ul>
                            <li><m:t k="desk.batch.mailed"/></li>
                            <xsl:if test="batch/@skip + batch/@bad &gt; 0"><li><m:t k="desk.batch.others" count="batch/@skip + batch/@bad"/></li></xsl:if>
                            <li><m:t k="desk.batch.again"/></li>
                        </ul>
                    </div>
                </div>
            </xsl:when>
            <xsl:when test="@act = 'pins'"><p><m:t k="desk.batch.pins.text" count="batch/@pins"/></p><p><m:t k="desk.batch.pins.record"/></p></xsl:when>
            <xsl:otherwise><p><m:t k="desk.batch.withdraw.text"/></p></xsl:otherwise>
        </xsl:choose>
        <form method="post" action="/helpdesk/bulk/{batch/@number}/{@act}">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <xsl:if test="@act = 'pins'">
                <fieldset>
                    <legend><m:t k="desk.batch.pins.as"/></legend>
                    <label class="choice"><input type="radio" name="as" value="page" checked="checked"/><span><m:t k="desk.batch.pins.page"/></span></label>
                    <label class="choice"><input type="radio" name="as" value="table"/><span><m:t k="desk.batch.pins.table"/></span></label>
                </fieldset>
            </xsl:if>
            <p class="actions">
                <button type="submit"><xsl:attribute name="class"><xsl:choose><xsl:when test="@act = 'start' and (batch/@kind = 'revoke' or batch/@kind = 'leavers')">danger</xsl:when><xsl:otherwise>main</xsl:otherwise></xsl:choose></xsl:attribute><m:t k="desk.batch.do.{@act}" count="batch/@will"/></button>
                <a class="button plain" href="/helpdesk/bulk/{batch/@number}"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>

    <!-- The PINs, to be printed and cut -->
    <xsl:template match="desk-batch-pins" mode="title"><m:t k="desk.batch.pins"/></xsl:template>
    <xsl:template match="desk-batch-pins" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href" select="concat('/helpdesk/bulk/', batch/@number)"/><xsl:with-param name="words"><m:t k="desk.batch.back"/></xsl:with-param></xsl:call-template>
        <h1><m:t k="desk.batch.pins"/></h1>
        <p class="apart"><m:t k="desk.batch.pins.text" count="count(pin)"/></p>
        <xsl:if test="not(pin)"><p class="nothing"><m:t k="desk.batch.pins.none"/></p></xsl:if>
        <ul class="pin-sheet">
            <xsl:for-each select="pin">
                <li data-request="{@number}">
                    <p><strong><xsl:call-template name="desk-name"/></strong><xsl:text> </xsl:text><m:t k="number" number="@number"/></p>
                    <p><xsl:value-of select="@mail"/><xsl:if test="@file"><xsl:text> </xsl:text><span class="memo"><xsl:value-of select="@file"/></span></xsl:if></p>
                    <p><m:t k="desk.batch.pins.pin"/><xsl:text> </xsl:text><code class="pin-code"><xsl:value-of select="@pin"/></code></p>
                    <p class="hint"><m:t k="desk.batch.pins.until"><m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="@until"/></xsl:call-template></m:with></m:t></p>
                </li>
            </xsl:for-each>
        </ul>
    </xsl:template>
</xsl:stylesheet>
