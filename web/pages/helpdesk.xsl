<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- The helpdesk: find, a person, a request, and the pages that ask before an act. -->

    <!-- Start: the box first, then what waits. -->
    <xsl:template match="desk-start" mode="title"><m:t k="desk.title"/></xsl:template>
    <xsl:template match="desk-start" mode="main">
        <xsl:call-template name="shapes"/>
        <xsl:call-template name="desk-nav"/>
        <h1><m:t k="desk.title"/></h1>
        <xsl:call-template name="desk-search"><xsl:with-param name="focus" select="true()"/></xsl:call-template>
        <section class="desk-waits" aria-labelledby="waits">
            <h2 id="waits"><m:t k="desk.waits"/></h2>
            <xsl:if test="not(row or proposal or @changes &gt; 0)"><p class="nothing"><m:t k="desk.waits.none"/></p></xsl:if>
            <xsl:if test="proposal">
                <h3><m:t k="proposals.title"/></h3>
                <xsl:call-template name="desk-proposals"><xsl:with-param name="proposals" select="proposal[position() &lt;= ../@most]"/></xsl:call-template>
                <xsl:if test="count(proposal) &gt; @most"><p class="table-links"><a href="/helpdesk/proposals"><m:t k="desk.waits.all"/></a></p></xsl:if>
            </xsl:if>
            <xsl:call-template name="desk-kind"><xsl:with-param name="kind">locked</xsl:with-param></xsl:call-template>
            <xsl:call-template name="desk-kind"><xsl:with-param name="kind">mail</xsl:with-param></xsl:call-template>
            <xsl:call-template name="desk-kind">
                <xsl:with-param name="kind">approval</xsl:with-param>
                <xsl:with-param name="all">/helpdesk/find?state=approval</xsl:with-param>
            </xsl:call-template>
            <xsl:call-template name="desk-kind">
                <xsl:with-param name="kind">ending</xsl:with-param>
                <xsl:with-param name="all" select="concat('/helpdesk/find?state=collected&amp;from=', substring($now, 1, 10), '&amp;until=', substring(@soon, 1, 10))"/>
            </xsl:call-template>
            <xsl:if test="@changes &gt; 0">
                <h3><m:t k="desk.waits.changes"/></h3>
                <p class="table-links"><a href="/helpdesk/changes"><m:t k="desk.waits.changes.see" n="@changes"/></a></p>
            </xsl:if>
        </section>
        <p class="table-links">
            <a href="/helpdesk/find"><m:t k="desk.all"/></a>
            <a href="/helpdesk/certificates.tsv"><xsl:if test="choice[@chosen]"><xsl:attribute name="href">/helpdesk/certificates.tsv?institution=<xsl:value-of select="choice[@chosen]/@id"/></xsl:attribute></xsl:if><m:t k="desk.everything"/></a>
        </p>
    </xsl:template>

    <xsl:template name="desk-kind">
        <xsl:param name="kind"/>
        <xsl:param name="all"/>
        <xsl:variable name="rows" select="row[@attention = $kind]"/>
        <xsl:if test="$rows">
            <h3><m:t k="desk.waits.{$kind}"/></h3>
            <xsl:call-template name="desk-table"><xsl:with-param name="rows" select="$rows[position() &lt;= ../@most]"/></xsl:call-template>
            <xsl:if test="count($rows) &gt; @most">
                <p class="table-links"><xsl:choose>
                    <xsl:when test="$all != ''"><a href="{$all}"><m:t k="desk.waits.all"/></a></xsl:when>
                    <xsl:otherwise><m:t k="desk.waits.more"/></xsl:otherwise>
                </xsl:choose></p>
            </xsl:if>
        </xsl:if>
    </xsl:template>

    <xsl:template name="desk-search">
        <xsl:param name="focus"/>
        <form method="get" action="/helpdesk/find" role="search" class="card desk-search">
            <div class="field">
                <label for="q"><m:t k="desk.search"/></label>
                <p class="hint" id="q-hint"><m:t k="desk.search.hint"/></p>
                <div class="field-row">
                    <input type="search" id="q" name="q" value="{@q}" maxlength="200" autocomplete="off" spellcheck="false" aria-describedby="q-hint">
                        <xsl:if test="$focus"><xsl:attribute name="autofocus">autofocus</xsl:attribute></xsl:if>
                    </input>
                    <button type="submit" class="main"><m:t k="desk.search.do"/></button>
                </div>
            </div>
            <details class="desk-filter">
                <xsl:if test="@state or @type or @from or @until"><xsl:attribute name="open">open</xsl:attribute></xsl:if>
                <summary><m:t k="desk.filter"/></summary>
                <div class="desk-fields">
                    <div class="field">
                        <label for="state"><m:t k="fact.state"/></label>
                        <select id="state" name="state">
                            <option value=""><m:t k="desk.any"/></option>
                            <xsl:call-template name="desk-state"><xsl:with-param name="state">applied</xsl:with-param></xsl:call-template>
                            <xsl:call-template name="desk-state"><xsl:with-param name="state">approval</xsl:with-param></xsl:call-template>
                            <xsl:call-template name="desk-state"><xsl:with-param name="state">ready</xsl:with-param></xsl:call-template>
                            <xsl:call-template name="desk-state"><xsl:with-param name="state">collected</xsl:with-param></xsl:call-template>
                            <xsl:call-template name="desk-state"><xsl:with-param name="state">renewing</xsl:with-param></xsl:call-template>
                            <xsl:call-template name="desk-state"><xsl:with-param name="state">renew_ready</xsl:with-param></xsl:call-template>
                            <xsl:call-template name="desk-state"><xsl:with-param name="state">revoking</xsl:with-param></xsl:call-template>
                            <xsl:call-template name="desk-state"><xsl:with-param name="state">revoked</xsl:with-param></xsl:call-template>
                            <xsl:call-template name="desk-state"><xsl:with-param name="state">expired</xsl:with-param></xsl:call-template>
                            <xsl:call-template name="desk-state"><xsl:with-param name="state">refused</xsl:with-param></xsl:call-template>
                            <xsl:call-template name="desk-state"><xsl:with-param name="state">lapsed</xsl:with-param></xsl:call-template>
                        </select>
                    </div>
                    <div class="field">
                        <label for="type"><m:t k="fact.type"/></label>
                        <select id="type" name="type">
                            <option value=""><m:t k="desk.any"/></option>
                            <option value="client"><xsl:if test="@type = 'client'"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><m:t k="type.client"/></option>
                            <option value="smime"><xsl:if test="@type = 'smime'"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><m:t k="type.smime"/></option>
                        </select>
                    </div>
                    <div class="field"><label for="from"><m:t k="desk.from"/></label><input type="date" id="from" name="from" value="{@from}"/></div>
                    <div class="field"><label for="until"><m:t k="desk.until"/></label><input type="date" id="until" name="until" value="{@until}"/></div>
                </div>
            </details>
            <xsl:if test="choice">
                <div class="field">
                    <label for="institution"><m:t k="desk.institution"/></label>
                    <select id="institution" name="institution">
                        <option value=""><m:t k="desk.institution.all"/></option>
                        <xsl:for-each select="choice">
                            <option value="{@id}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><xsl:value-of select="i:name(.)"/></option>
                        </xsl:for-each>
                    </select>
                </div>
            </xsl:if>
        </form>
    </xsl:template>

    <xsl:template name="desk-state">
        <xsl:param name="state"/>
        <option value="{$state}">
            <xsl:if test="@state = $state"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if>
            <xsl:value-of select="i:message('state.', $state)"/>
        </option>
    </xsl:template>

    <!-- Requests of several people. -->
    <xsl:template name="desk-table">
        <xsl:param name="rows"/>
        <table class="requests desk-rows">
            <thead>
                <tr>
                    <th scope="col"><m:t k="dashboard.number"/></th>
                    <th scope="col"><m:t k="desk.person"/></th>
                    <th scope="col"><m:t k="dashboard.what"/></th>
                    <th scope="col"><m:t k="dashboard.state"/></th>
                    <th scope="col"><m:t k="desk.end"/></th>
                </tr>
            </thead>
            <tbody>
                <xsl:for-each select="$rows">
                    <tr data-request="{@number}" data-state="{@state}">
                        <th scope="row"><a href="/helpdesk/requests/{@number}" class="number"><m:t k="number" number="@number"/></a></th>
                        <td m:data-label="desk.person"><a href="/helpdesk/people/{@person}"><xsl:call-template name="desk-name"/></a><xsl:if test="institution"><span class="sub"><xsl:value-of select="i:name(institution)"/></span></xsl:if></td>
                        <td class="what"><xsl:call-template name="what"/><xsl:if test="@memo != ''"><span class="memo"><xsl:value-of select="@memo"/></span></xsl:if></td>
                        <td><xsl:call-template name="state"/></td>
                        <td m:data-label="desk.end"><xsl:call-template name="desk-end"/></td>
                    </tr>
                </xsl:for-each>
            </tbody>
        </table>
    </xsl:template>

    <xsl:template name="desk-end">
        <xsl:choose>
            <xsl:when test="@state = 'refused' or @state = 'lapsed'">–</xsl:when>
            <xsl:otherwise><time datetime="{@not-after}"><xsl:value-of select="i:day(@not-after)"/></time></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- Both scripts: the caller says one, the certificate has the other. -->
    <xsl:template name="desk-name">
        <xsl:value-of select="i:name(.)"/>
        <xsl:if test="@name-ja != '' and @name-ja != @name"><xsl:text> </xsl:text><span class="other-script"><xsl:choose>
            <xsl:when test="i:name(.) = @name"><xsl:attribute name="lang">ja</xsl:attribute><xsl:value-of select="@name-ja"/></xsl:when>
            <xsl:otherwise><xsl:attribute name="lang">en</xsl:attribute><xsl:value-of select="@name"/></xsl:otherwise>
        </xsl:choose></span></xsl:if>
    </xsl:template>

    <xsl:template name="desk-back"><xsl:call-template name="back"><xsl:with-param name="href">/helpdesk</xsl:with-param><xsl:with-param name="words"><m:t k="desk.back"/></xsl:with-param></xsl:call-template></xsl:template>

    <!-- Find -->
    <xsl:template match="desk-find" mode="title"><m:t k="desk.find.title"/></xsl:template>
    <xsl:template match="desk-find" mode="main">
        <xsl:call-template name="shapes"/>
        <xsl:call-template name="desk-back"/>
        <h1><m:t k="desk.find.title"/></h1>
        <xsl:call-template name="desk-search"><xsl:with-param name="focus" select="not(found or row)"/></xsl:call-template>
        <xsl:if test="not(found or row)"><div class="nothing"><p><m:t k="desk.nothing"/></p><p class="hint"><m:t k="desk.nothing.try"/></p></div></xsl:if>
        <xsl:if test="row">
            <section aria-labelledby="found-requests">
                <h2 id="found-requests"><m:t k="desk.requests"/></h2>
                <xsl:call-template name="desk-table"><xsl:with-param name="rows" select="row"/></xsl:call-template>
            </section>
        </xsl:if>
        <xsl:if test="found">
            <section aria-labelledby="found-people">
                <h2 id="found-people"><m:t k="desk.people"/></h2>
                <ul class="desk-people">
                    <xsl:for-each select="found">
                        <li class="card" data-person="{@id}">
                            <h3><a href="/helpdesk/people/{@id}"><xsl:call-template name="desk-name"/></a></h3>
                            <p><xsl:for-each select="mail"><span><xsl:value-of select="."/></span><xsl:text> </xsl:text></xsl:for-each></p>
                            <p class="hint"><xsl:value-of select="i:name(institution)"/><xsl:text> · </xsl:text><m:t k="desk.counts" active="@active" all="@requests"/></p>
                        </li>
                    </xsl:for-each>
                </ul>
            </section>
        </xsl:if>
        <p class="table-links">
            <xsl:if test="@next"><a href="{@next}"><m:t k="desk.next"/></a></xsl:if>
            <xsl:if test="@tsv"><a href="{@tsv}"><m:t k="desk.tsv"/></a></xsl:if>
        </p>
        <xsl:if test="@filtered and @q"><p class="hint"><m:t k="desk.first-people"/></p></xsl:if>
    </xsl:template>

    <!-- A person: devices first, since that is what a caller has lost. -->
    <xsl:template match="desk-person" mode="title"><xsl:value-of select="i:name(found)"/></xsl:template>
    <xsl:template match="desk-person" mode="main">
        <xsl:variable name="page" select="."/>
        <xsl:call-template name="shapes"/>
        <xsl:call-template name="desk-back"/>
        <xsl:call-template name="notice"/>
        <xsl:for-each select="found">
            <h1><xsl:call-template name="desk-name"/></h1>
            <dl class="facts card">
                <div><dt><m:t k="desk.institution"/></dt><dd><xsl:value-of select="i:name(institution)"/></dd></div>
                <div><dt><m:t k="fact.mail"/></dt><dd><xsl:for-each select="mail"><span class="value"><xsl:value-of select="."/></span></xsl:for-each><xsl:if test="not(mail)">–</xsl:if></dd></div>
                <div><dt><m:t k="desk.identifier"/></dt><dd class="mono"><xsl:value-of select="@identifier"/></dd></div>
                <div><dt><m:t k="desk.seen"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@seen-at"/></xsl:call-template></dd></div>
            </dl>
            <p class="table-links"><a href="/helpdesk/people/{@id}/history"><m:t k="trail.person.link"/></a></p>
        </xsl:for-each>
        <section aria-labelledby="devices">
            <h2 id="devices"><m:t k="desk.devices"/></h2>
            <xsl:choose>
                <xsl:when test="device"><p class="hint"><m:t k="desk.devices.hint"/></p></xsl:when>
                <xsl:otherwise><p class="nothing"><m:t k="desk.devices.none"/></p></xsl:otherwise>
            </xsl:choose>
            <xsl:for-each select="device">
                <section class="card desk-device" aria-labelledby="device-{position()}">
                    <div class="title-row">
                        <h3 id="device-{position()}"><xsl:choose><xsl:when test="@memo != ''"><xsl:value-of select="@memo"/></xsl:when><xsl:otherwise><m:t k="desk.no-memo"/></xsl:otherwise></xsl:choose></h3>
                        <form method="post" action="/helpdesk/people/{$page/found/@id}/revoke">
                            <xsl:call-template name="csrf"/>
                            <xsl:call-template name="form-key"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
                            <input type="hidden" name="what" value="device"/>
                            <input type="hidden" name="memo" value="{@memo}"/>
                            <button type="submit" class="danger-outline"><m:t k="desk.lost"/><span class="unseen"><xsl:text> </xsl:text><xsl:value-of select="@memo"/></span></button>
                        </form>
                    </div>
                    <ul class="desk-lines">
                        <xsl:for-each select="row">
                            <li data-request="{@number}" data-state="{@state}">
                                <input type="checkbox" form="selection" name="n{@number}" value="1" id="n{@number}"/>
                                <label for="n{@number}"><m:t k="number" number="@number"/><xsl:text> </xsl:text><xsl:call-template name="what"/></label>
                                <xsl:call-template name="state"/>
                                <span class="sub"><m:t k="revoke.until"><m:with name="day"><xsl:call-template name="day"><xsl:with-param name="at" select="@not-after"/></xsl:call-template></m:with></m:t></span>
                                <a href="/helpdesk/requests/{@number}"><m:t k="act.see"/><span class="unseen"><m:t k="act.of" number="@number"/></span></a>
                            </li>
                        </xsl:for-each>
                    </ul>
                </section>
            </xsl:for-each>
            <xsl:if test="device">
                <div class="actions">
                    <form method="post" action="/helpdesk/people/{found/@id}/revoke" id="selection">
                        <xsl:call-template name="csrf"/>
                        <xsl:call-template name="form-key"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
                        <input type="hidden" name="what" value="selection"/>
                        <button type="submit"><m:t k="desk.revoke.selection"/></button>
                    </form>
                    <form method="post" action="/helpdesk/people/{found/@id}/revoke">
                        <xsl:call-template name="csrf"/>
                        <xsl:call-template name="form-key"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
                        <input type="hidden" name="what" value="all"/>
                        <button type="submit" class="danger-outline"><m:t k="desk.revoke.all"/></button>
                    </form>
                </div>
            </xsl:if>
        </section>
        <xsl:call-template name="desk-offers"/>
        <xsl:if test="row">
            <section aria-labelledby="ended">
                <h2 id="ended"><m:t k="desk.ended"/></h2>
                <ul class="desk-lines">
                    <xsl:for-each select="row">
                        <li data-request="{@number}" data-state="{@state}">
                            <a href="/helpdesk/requests/{@number}"><m:t k="number" number="@number"/></a>
                            <xsl:call-template name="what"/>
                            <xsl:call-template name="state"/>
                            <xsl:if test="@memo != ''"><span class="memo"><xsl:value-of select="@memo"/></span></xsl:if>
                        </li>
                    </xsl:for-each>
                </ul>
            </section>
        </xsl:if>
    </xsl:template>

    <!-- Revoking: what, how many, what it means; then it is done. -->
    <xsl:template match="desk-confirm" mode="title"><m:t k="desk.confirm.title" person="i:name(found)"/></xsl:template>
    <xsl:template match="desk-confirm" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href" select="concat('/helpdesk/people/', found/@id)"/><xsl:with-param name="words"><m:t k="desk.back.person"/></xsl:with-param></xsl:call-template>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="desk.confirm.title" person="i:name(found)"/></h1>
        <p class="lead"><m:t k="desk.confirm.numbers" revoke="@revoke" withdraw="@withdraw"/></p>
        <xsl:call-template name="desk-hits"/>
        <xsl:call-template name="desk-consequences"/>
        <xsl:call-template name="desk-two"/>
        <form method="post" action="/helpdesk/people/{found/@id}/revoke">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <input type="hidden" name="what" value="{@what}"/>
            <xsl:if test="@what = 'device'"><input type="hidden" name="memo" value="{@memo}"/></xsl:if>
            <xsl:if test="@what = 'selection'"><xsl:for-each select="row"><input type="hidden" name="n{@number}" value="1"/></xsl:for-each></xsl:if>
            <fieldset id="reason">
                <xsl:if test="problem[@field = 'reason']"><xsl:attribute name="class">wrong</xsl:attribute><xsl:attribute name="aria-describedby">reason-problem</xsl:attribute></xsl:if>
                <legend><m:t k="revoke.reason"/></legend>
                <xsl:apply-templates select="problem[@field = 'reason']" mode="beside"/>
                <xsl:call-template name="reason"><xsl:with-param name="reason">keyCompromise</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">superseded</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">cessationOfOperation</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">affiliationChanged</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">unspecified</xsl:with-param></xsl:call-template>
            </fieldset>
            <xsl:call-template name="desk-note"/>
            <p class="actions">
                <button type="submit" class="danger"><xsl:choose><xsl:when test="@two"><m:t k="proposal.propose"/></xsl:when><xsl:otherwise><m:t k="revoke.do"/></xsl:otherwise></xsl:choose></button>
                <a class="button plain" href="/helpdesk/people/{found/@id}"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>

    <xsl:template name="desk-note">
        <xsl:variable name="problem" select="problem[@field = 'note']"/>
        <div class="field">
            <xsl:if test="$problem"><xsl:attribute name="class">field wrong</xsl:attribute></xsl:if>
            <label for="note"><m:t k="desk.note"/></label>
            <p class="hint" id="note-hint"><m:t k="desk.note.hint"/></p>
            <xsl:apply-templates select="$problem" mode="beside"/>
            <input type="text" id="note" name="note" value="{@note}" maxlength="200" autocomplete="off">
                <xsl:attribute name="aria-describedby">note-hint<xsl:if test="$problem"> note-problem</xsl:if></xsl:attribute>
                <xsl:if test="$problem"><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
            </input>
        </div>
    </xsl:template>
    <!-- What the owner is told. -->
    <xsl:template name="desk-refusal">
        <xsl:param name="label"><m:t k="desk.refusal"/></xsl:param>
        <xsl:param name="hint"><m:t k="desk.refusal.hint"/></xsl:param>
        <xsl:variable name="problem" select="problem[@field = 'reason']"/>
        <div class="field">
            <xsl:if test="$problem"><xsl:attribute name="class">field wrong</xsl:attribute></xsl:if>
            <label for="reason"><xsl:copy-of select="$label"/></label>
            <p class="hint" id="reason-hint"><xsl:copy-of select="$hint"/></p>
            <xsl:apply-templates select="$problem" mode="beside"/>
            <textarea id="reason" name="reason" rows="3" maxlength="200" required="required">
                <xsl:attribute name="aria-describedby">reason-hint<xsl:if test="$problem"> reason-problem</xsl:if></xsl:attribute>
                <xsl:if test="$problem"><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
                <xsl:value-of select="@reason"/>
            </textarea>
        </div>
    </xsl:template>
    <xsl:template match="desk-act/problem[@field='reason']" mode="words" priority="1"><m:t k="problem.refusal.{@rule}" limit="@limit"/></xsl:template>
    <xsl:template match="problem[@field='note']" mode="words"><m:t k="problem.memo" limit="@limit"/></xsl:template>

    <!-- A request -->
    <xsl:template match="desk-request" mode="title"><m:t k="number" number="request/@number"/></xsl:template>
    <xsl:template match="desk-request" mode="main">
        <xsl:variable name="certificate" select="certificate"/>
        <xsl:call-template name="shapes"/>
        <xsl:call-template name="back"><xsl:with-param name="href" select="concat('/helpdesk/people/', person/@id)"/><xsl:with-param name="words"><m:t k="desk.back.person"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="notice"/>
        <h1><m:t k="number" number="request/@number"/></h1>
        <section class="card now" aria-labelledby="standing">
            <h2 id="standing"><xsl:for-each select="request"><xsl:call-template name="state"/></xsl:for-each></h2>
            <p>
                <a href="/helpdesk/people/{person/@id}"><xsl:for-each select="person"><xsl:call-template name="desk-name"/></xsl:for-each></a>
                <xsl:text> · </xsl:text>
                <xsl:for-each select="request"><xsl:call-template name="what"/></xsl:for-each>
                <xsl:if test="request/@memo != ''"><xsl:text> </xsl:text><span class="memo"><xsl:value-of select="request/@memo"/></span></xsl:if>
            </p>
            <xsl:if test="pickup/@state = 'locked'"><p><strong><m:t k="desk.locked"/></strong></p></xsl:if>
            <xsl:if test="pickup/@locked"><p><strong><m:t k="desk.locked.again"/></strong></p></xsl:if>
            <xsl:if test="pickup/@state = 'waiting'"><p class="hint"><m:t k="now.until"><m:with name="until"><xsl:call-template name="moment"><xsl:with-param name="at" select="pickup/@until"/></xsl:call-template></m:with></m:t></p></xsl:if>
            <xsl:for-each select="request"><xsl:call-template name="desk-acts"/></xsl:for-each>
        </section>
        <section aria-labelledby="facts">
            <h2 id="facts"><m:t k="detail.request"/></h2>
            <dl class="facts">
                <div><dt><m:t k="fact.applied-at"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="request/@applied-at"/></xsl:call-template></dd></div>
                <div>
                    <dt><m:t k="fact.mail"/></dt>
                    <dd id="mail"><span><xsl:value-of select="request/@mail"/></span><xsl:if test="mail"><ul class="mails"><xsl:apply-templates select="mail" mode="line"/></ul></xsl:if></dd>
                </div>
                <xsl:choose>
                    <xsl:when test="$certificate">
                        <div><dt><m:t k="fact.serial"/></dt><dd><code id="serial" class="break"><xsl:value-of select="$certificate/@serial"/></code></dd></div>
                        <div><dt><m:t k="fact.subject"/></dt><dd class="mono"><xsl:value-of select="$certificate/@subject"/></dd></div>
                        <div><dt><m:t k="fact.fingerprint"/></dt><dd class="mono"><xsl:value-of select="i:pairs($certificate/@fingerprint)"/></dd></div>
                        <div>
                            <dt><m:t k="desk.certificate"/></dt>
                            <dd>
                                <m:t k="certificate.{$certificate/@state}"/>
                                <xsl:if test="$certificate/@reason"><xsl:text> · </xsl:text><m:t k="revoke.reason.{$certificate/@reason}"/></xsl:if>
                            </dd>
                        </div>
                    </xsl:when>
                    <xsl:otherwise><div><dt><m:t k="fact.subject.planned"/></dt><dd class="mono"><xsl:value-of select="request/@subject"/></dd></div></xsl:otherwise>
                </xsl:choose>
                <div><dt><m:t k="desk.end"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="request/@not-after"/></xsl:call-template></dd></div>
            </dl>
        </section>
        <xsl:call-template name="lives"/>
        <section aria-labelledby="history">
            <h2 id="history"><m:t k="detail.history"/></h2>
            <xsl:call-template name="trail"/>
        </section>
    </xsl:template>

    <xsl:template name="desk-acts">
        <div class="actions">
            <xsl:call-template name="desk-button"><xsl:with-param name="act">approve</xsl:with-param><xsl:with-param name="key" select="@approve-key"/><xsl:with-param name="class">main</xsl:with-param></xsl:call-template>
            <xsl:call-template name="desk-button"><xsl:with-param name="act">refuse</xsl:with-param><xsl:with-param name="key" select="@refuse-key"/></xsl:call-template>
            <xsl:call-template name="desk-button"><xsl:with-param name="act">new-pin</xsl:with-param><xsl:with-param name="path">pin</xsl:with-param><xsl:with-param name="key" select="@pin-key"/></xsl:call-template>
            <xsl:call-template name="desk-button"><xsl:with-param name="act">resend</xsl:with-param><xsl:with-param name="key" select="@resend-key"/></xsl:call-template>
            <xsl:call-template name="desk-button"><xsl:with-param name="act">renew</xsl:with-param><xsl:with-param name="key" select="@renew-key"/></xsl:call-template>
            <xsl:if test="@revoke-key">
                <form method="post" action="/helpdesk/people/{../person/@id}/revoke">
                    <xsl:call-template name="csrf"/>
                    <xsl:call-template name="form-key"><xsl:with-param name="key" select="@revoke-key"/></xsl:call-template>
                    <input type="hidden" name="what" value="selection"/>
                    <input type="hidden" name="n{@number}" value="1"/>
                    <button type="submit" class="danger-outline"><m:t k="act.revoke"/></button>
                </form>
            </xsl:if>
        </div>
    </xsl:template>

    <xsl:template name="desk-button">
        <xsl:param name="act"/>
        <xsl:param name="path" select="$act"/>
        <xsl:param name="key"/>
        <xsl:param name="class"/>
        <xsl:if test="$key">
            <form method="post" action="/helpdesk/requests/{@number}/{$path}">
                <xsl:call-template name="csrf"/>
                <xsl:call-template name="form-key"><xsl:with-param name="key" select="$key"/></xsl:call-template>
                <button type="submit" class="{$class}"><xsl:value-of select="i:message('desk.do.', $act)"/></button>
            </form>
        </xsl:if>
    </xsl:template>

    <!-- One act, once more -->
    <xsl:template match="desk-act" mode="title"><m:t k="desk.act.{@act}" number="request/@number"/></xsl:template>
    <xsl:template match="desk-act" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href" select="concat('/helpdesk/requests/', request/@number)"/><xsl:with-param name="words"><m:t k="back.request" number="request/@number"/></xsl:with-param></xsl:call-template>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="desk.act.{@act}" number="request/@number"/></h1>
        <div class="card">
            <p><strong><xsl:for-each select="person"><xsl:call-template name="desk-name"/></xsl:for-each></strong></p>
            <xsl:call-template name="which"/>
        </div>
        <p><m:t k="desk.act.{@act}.text" mail="request/@mail"/></p>
        <xsl:call-template name="desk-two"/>
        <form method="post" action="/helpdesk/requests/{request/@number}/{@act}">
            <xsl:if test="@act = 'new-pin'"><xsl:attribute name="action">/helpdesk/requests/<xsl:value-of select="request/@number"/>/pin</xsl:attribute></xsl:if>
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <xsl:choose>
                <xsl:when test="@two or @act = 'approve' or @act = 'renew'"><xsl:call-template name="desk-note"/></xsl:when>
                <xsl:when test="@act = 'refuse'"><xsl:call-template name="desk-refusal"/></xsl:when>
            </xsl:choose>
            <p class="actions">
                <button type="submit" class="main"><xsl:choose><xsl:when test="@two"><m:t k="proposal.propose"/></xsl:when><xsl:otherwise><m:t k="desk.do.{@act}"/></xsl:otherwise></xsl:choose></button>
                <a class="button plain" href="/helpdesk/requests/{request/@number}"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>
</xsl:stylesheet>
